### What the questions are answered with: list, show, and a target's live state.

asked-not-alike = { $title } (not { $names })

refused-nothing-named = { $client } has nothing named “{ $got }” that you may act on. Meant may be: { $known }. Type /infra list to see all.

deciding-no-route = nobody, since the provider's routes have no rule for it
deciding-envelope = the policy itself, envelope { $envelope }, { $number } of { $most } today
deciding-and = { $one } + { $rest }
deciding-or = { $one } or, by what the plan shows, { $rest }
deciding-need = { $count ->
    [one] { $who }, as { $role }
   *[other] { $count } of { $who }, as { $role }
 }

look-follows = The live state follows in a moment.
look-live = { $target } as of { $at }: { $state }. { $code }
look-no-drift = The code says { $written }: no drift.
look-drift = The code says { $written }: this has drifted.
look-not-in-code = It is not in Terraform, so there is no code to compare it with.
look-code-silent = The code says nothing about any of this.
look-code-unread = What the code says could not be read: { $reason }
look-code-unavailable = What the code says is not known now: { $system } does not answer.
look-unavailable = The live state of { $target } is not known now: { $system } does not answer. Please ask again in a moment.
look-failed = The live state of { $target } could not be read: { $reason }
look-aws-refused = AWS refused { $operation } with { $code }. Please ask the provider to look at the rights of this account.
look-unread = Nothing reads the live state of { $target } in this build.
look-gone = { $target } is no longer in the catalog, so it was not looked at.

event-look-asked = { $who } asked what { $target } is right now.
event-look-done = What { $target } is right now was looked up and told.

help-questions = These only read: { $lines }

doubt-no-pipeline = It is merged and the merge stands, but GitLab has made no pipeline that applies it. Please look whether pipelines run on the default branch, and start one there: { $url }

event-message-undelivered = Something could not be said, since it could not be read any more.
