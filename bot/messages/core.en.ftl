### What the flow says: answers, refusals, progress, endings.
### Plain words only: how they look is up to where they are shown, so no text has
### mrkdwn, Markdown or HTML in it.

## Words for closed sets

state-asked = Being prepared
state-proposed = Waiting for approval
state-approved = Approved, about to run
state-running = Running
state-in-doubt = In doubt
state-done = Done
state-failed = Failed
state-refused = Refused
state-denied = Denied
state-cancelled = Cancelled
state-expired = Expired
state-voided = Void

environment-production = production
environment-staging = staging

risk-low = low
risk-medium = medium
risk-high = high

role-provider-oncall = the provider's on-call
role-provider-engineer = an engineer of the provider
role-provider-manager = a manager of the provider
role-client-developer = a developer of the client
role-client-owner = an owner of the client

## Asking

asked-noted = Noted as { $id }: { $title }. A card follows here with what it would do and who decides.

## Who is at the door

refused-unknown-channel = This channel belongs to no client that Tandem knows (rule unknown-channel, built in). Please ask in one of your company's channels, or ask the provider to add this one to the catalog.
refused-provider-channel = This is the provider's own channel, so no client is meant (rule provider-channel, built in). Please ask in a client's channel: { $channels }.
refused-unknown-person = Tandem does not know you as somebody who works on { $client } (rule unknown-person, built in). Please ask the provider to add your Slack account to the catalog.
refused-other-client = You work for another company than the one this channel belongs to, so nothing is done for you here (rule other-client, built in). Please type it in a channel of your own company.
refused-other-workspace = You come from another Slack workspace than the one this channel is in. Please use your account of this workspace.
refused-nobody-known = The person you mention is nobody Tandem knows. Please pick somebody who is in the catalog.

## The line that was typed

refused-no-command = There is no command “{ $got }”. Meant may be: { $known }. Type /infra help to see all, or ask in words: /infra ticket, then what you need.
refused-bad-argument = “{ $got }” does not fit { $name }: { $help }. For example: { $example }
refused-no-target = { $client } has no { $kind } named “{ $got }”. Meant may be: { $known }.
refused-other-kind = “{ $got }” of { $client } is a { $is }; this command wants a { $kind }. Fitting: { $known }.
refused-not-in-terraform = { $target } is not written in Terraform, so it cannot be changed by a merge request. Please ask the provider.
refused-status-usage = Please give one id, as in: /infra status abcd234
refused-no-operation = There is no operation “{ $got }” here. Type /infra audit to see the latest.
refused-ambiguous-operation = More than one operation begins with “{ $got }”. Please type more of the id.
refused-cancel-usage = Please give one id, as in: /infra cancel abcd234
refused-approve-usage = Please approve on the card, where you see what you approve. To type it instead, give id and fingerprint as the card shows them: /infra approve abcd234 1a2b3c4d
refused-deny-usage = Please deny on the card. To type it instead, give id, fingerprint and the reason: /infra deny abcd234 1a2b3c4d too expensive
refused-reason-length = A reason has 3 to 500 characters; this one has { $length }. Please say why in a sentence.
refused-stale-button = This button is from an older card and no longer works. Type /infra audit to find the operation.

## Deciding

decided-approve = Your approval of { $id } is recorded.
decided-deny = Your denial of { $id } is recorded, with the reason.
decided-cancelled = { $id } is cancelled. Nothing was done.
decided-already-delivered = This click was recorded before; nothing more happens.

refused-expired = Its time to be decided on is over (rule expired, built in). Please ask for it anew.
refused-other-digest = What you saw is not what would run now, so nothing is recorded (rule other-digest, built in). Please look at the card as it is, and decide on that.
refused-self-decision = You asked for this, so you cannot decide on it (rule self-decision, built in). These can: { $who }.
refused-author-decision = You wrote a commit of this change, so you cannot decide on it (rule author-decision, built in). These can: { $who }.
refused-not-a-decider = You are not among those who decide on this (rule not-a-decider, built in). These are: { $who }.
refused-already-decided-by-you = You have decided on this already; it waits for others.
refused-not-open = { $state ->
    [asked] It is still being prepared; please wait for the card to show what would be done.
    [voided] Something changed since the card was shown, so it is void. Please ask for it anew.
    [expired] Its time to be decided on is over. Please ask for it anew.
    [cancelled] It was cancelled by the person who asked.
   *[other] It can no longer be decided on ({ $state }).
 }
refused-decided-already = { $who } { $verdict ->
    [approve] approved
   *[deny] denied
 } it at { $at } already; it is { $state ->
    [approved] about to run
    [running] running
    [in_doubt] in doubt
   *[other] { $state }
 } now.
refused-not-the-requester = Only the person who asked can cancel this (rule not-the-requester, built in): { $requester }.
refused-too-late-to-cancel = { $state ->
    [running] It is running and cannot be cancelled any more. What runs on a host can be stopped where it stands: /infra halt and its id.
    [in_doubt] It was begun, and whether it took effect is not known yet; it cannot be cancelled any more.
   *[other] It is over ({ $state }), so there is nothing to cancel.
 }
refused-wrong-state = It is { $state } and cannot become { $wanted }.

## Preparing

refused-aws = AWS refused { $operation } with { $code }. Nothing was changed. Please ask the provider to look at the rights of this account.
refused-no-route = Nobody may decide on { $command } in { $environment } at { $risk } risk, so it ends here. The provider's routes.yaml has no rule for it.
refused-pipeline = The pipeline of the merge request ended as { $status } in the job { $job }, so there is no plan to decide on: { $url }
refused-no-plan-job = The pipeline of the merge request has no job { $job } that leaves a plan, as the catalog says for { $client }: { $url }
refused-foreign-paths = The merge request changes other files than were asked for ({ $paths }), so it is not laid before anybody: { $url }

guard-unknown-author = A commit is by { $who }, whom the catalog does not know: nobody can be barred from deciding on their own work here.

## Waiting

waiting-outage = Waiting for { $system }, which does not answer. Tandem goes on by itself once it does.
waiting-plan = Waiting for the plan of the merge request.
waiting-apply = Merged; waiting for the pipeline that applies it.
waiting-playbook = The playbook is at work.

## In the thread

people-called = { $names }
thread-proposed = { $who }: this is ready to be decided on, until { $until }.
thread-proposed-nobody = This is ready to be decided on until { $until }, but nobody may decide on it now. Please ask the provider to see to the rota.
thread-approve = { $who } approved this.
thread-approve-because = { $who } approved this: { $reason }
thread-deny = { $who } denied this.
thread-deny-because = { $who } denied this: { $reason }
thread-merged = Merged as { $sha }. The pipeline applies it now.

remind-direct = { $id } still waits for a decision until { $until }: { $title }
remind-thread = { $id } still waits for a decision until { $until }: { $title }. Those who decide were told.

## Endings

ended-expired-asked = It could not be prepared in time, so nothing was done. Please ask for it anew if it is still wanted.
ended-expired-proposed = Nobody decided in time, so nothing was done. Please ask for it anew if it is still wanted.
ended-expired-approved = It was approved, but could not be started before its time was over, so nothing was done. Please ask for it anew if it is still wanted.

voided-changed = { $count ->
    [one] Void: { $change1 } Nothing was done; please ask for it anew.
    [2] Void: { $change1 } { $change2 } Nothing was done; please ask for it anew.
    [3] Void: { $change1 } { $change2 } { $change3 } Nothing was done; please ask for it anew.
   *[other] Void, since { $count } things changed, such as: { $change1 } { $change2 } { $change3 } Nothing was done; please ask for it anew.
 }
voided-rights = Void: an approval it had no longer counts, since a role or a membership was taken away. Nothing was done; please ask for it anew.
voided-closed = Void: somebody closed the merge request. Nothing was done.
voided-merged-around = Void: somebody merged the merge request without Tandem. What it does is not known here; please look at its pipeline.

changed-client = The client is { $after } instead of { $before }.
changed-command = The command is { $after } instead of { $before }.
changed-arguments = The arguments are others ({ $before } became { $after }).
changed-target = The target is { $after } instead of { $before }.
changed-edits = The edit is another ({ $before } became { $after }).
changed-paths = The merge request changes other files ({ $before } became { $after }).
changed-project = The project is { $after } instead of { $before }.
changed-target-branch = The target branch is { $after } instead of { $before }.
changed-base = The code that it is about changed ({ $before } became { $after }).
changed-head-sha = Somebody pushed: the commit is another one ({ $before } became { $after }).
changed-plan = The plan is another ({ $before } became { $after }).
changed-pipeline = Another pipeline ran ({ $before } became { $after }).
changed-outlines = What the plan does to which resource is another ({ $before } became { $after }).
changed-playbook = The playbook's code changed ({ $before } became { $after }).
changed-live-state = The target itself changed ({ $before } became { $after }).
changed-cost = What it adds a month in US dollars is { $after } instead of { $before }.
changed-scope = The rights it would be lent changed ({ $before } became { $after }).
changed-credentials = The role it would use is { $after } instead of { $before }.
changed-policy = The rules of who decides changed ({ $before } became { $after }).
changed-catalog = The catalog changed ({ $before } became { $after }).
changed-expires-at = The time to decide by is { $after } instead of { $before }.

done-verified = Done, and read back: { $effect }

doubt-unknown = { $system } gave no answer after it was asked to act, so nobody knows yet whether it did. Tandem looks again and will not do it twice.
doubt-effect = It was carried out, but what is there now is not what was wanted: { $found }. Tandem looks again.

failed-aws = AWS refused { $operation } with { $code }. What was asked for was not done.
failed-head-moved = The merge request has a new commit ({ $head }), so it was not merged.
failed-not-mergeable = GitLab will not merge it: { $reason }. Nothing was merged.
failed-request-closed = The merge request was closed before it could be merged: { $url }
failed-apply = It is merged, but the pipeline that applies it failed in { $job }: { $url }

announce-checkpoint = Checkpoint of this client's audit: { NUMBER($seq, useGrouping: 0) } records, last hash { $head }.

## When Tandem itself cannot

refused-chat = The chat refused { $method } with { $error }. { $detail }
refused-too-many-attempts = It was tried too often.
edge-unavailable = Nothing was recorded: { $system } does not answer. Please try again in a moment.
edge-unknown = { $system } gave no answer in time, so it is not certain that this was recorded. Please look with /infra audit before you try again.
edge-broken = Something went wrong on our side, and nothing more will happen by itself. Please try again; if it stays so, tell the provider this reference: { $reference }
edge-form-late = The form could not be opened in time. Please click once more.
