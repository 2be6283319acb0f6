### What cards, answers and forms are labelled with in chat. Plain words, as in core.en.ftl.

## Cards

card-fallback = { $title } · { $state } ({ $client }, { $environment })
card-findings = Look at this first
card-shared = The same value is also used by
card-diff = What changes in the code
card-plan = Plan: { $add } to add, { $change } to change, { $destroy } to destroy, { $replace } to replace
card-direct = Runs directly, without a merge request: playbook { $playbook }
card-calls = What will be called
card-live = { $name }, now
card-hidden = { $count ->
    [one] One more line does not fit here.
   *[other] { $count } more lines do not fit here.
 }
card-shortened = { $count ->
    [one] One line is shortened here.
   *[other] { $count } lines are shortened here.
 }
card-withheld = More needs attention than fits here, so there is no button to approve it. Please read it in full behind the link; to approve it then, type: /infra approve { $id } { $fingerprint }
card-requester = Asked by
card-target = Target
card-risk = Risk
card-needs = Needs { $needs }, until { $until }
card-able = May decide: { $people }
card-able-and-more = May decide: { $people } and { $more } more
card-nobody = Nobody may decide on this now. Please ask the provider to see to the rota.
card-approve = { $who } approved at { $at }
card-approve-because = { $who } approved at { $at }: { $reason }
card-deny = { $who } denied at { $at }
card-deny-because = { $who } denied at { $at }: { $reason }
card-id = Operation { $id }
card-fingerprint = fingerprint { $fingerprint }
card-pipeline = Pipeline of the plan
card-apply = Pipeline of the merge

card-button-approve = Approve
card-button-deny = Deny
card-button-cancel = Cancel my request
card-button-open = Merge request !{ $number }
card-confirm-title = Approve this?
card-confirm-text = { $title }. It acts on { $target } in { $environment } of { $client }. Fingerprint { $fingerprint }.
card-confirm-no = Not yet
card-cancel-title = Cancel your request?
card-cancel-text = Only the person who asked can do this. Nothing will be done then.
card-cancel-yes = Cancel request
card-cancel-no = Keep it

## The form that asks why

denial-title = Deny
denial-submit = Deny
denial-close = Back
denial-done = Close
denial-reason = Why not?
denial-hint = The person who asked reads this, and it stays in the audit.

## Help

help-title = What you can ask for here
help-help = /infra help COMMAND shows one command in full.
help-status = /infra status ID tells the whole story of one operation.
help-audit = /infra audit finds what was done: who:@person what:command on:target since:2d state:done
help-cancel = /infra cancel ID cancels what you asked for, until it runs.
help-example = For example: { $line }
help-targets = Yours: { $names }

## The story of an operation

story-typed = Typed: { $line }
story-hidden = { $count ->
    [one] One more event, not shown here.
   *[other] { $count } more events, not shown here.
 }
story-reads = { $count ->
    [one] Rights to read were lent once meanwhile.
   *[other] Rights to read were lent { $count } times meanwhile.
 }

event-operation-asked = { $who } asked: { $line }
event-operation-proposed = It was laid before those who decide, at { $risk } risk, with fingerprint { $digest }.
event-operation-refused = It was refused: { $reason }
event-operation-approved = With the approval of { $who } it may run.
event-operation-denied = With the denial of { $who } it ended.
event-operation-cancelled = { $who } cancelled it.
event-operation-expired = Its time was over.
event-operation-voided = It became void: { $reason }
event-operation-started = It began to run.
event-operation-done = It is done: { $reason }
event-operation-failed = It failed: { $reason }
event-operation-doubted = It is in doubt: { $reason }
event-operation-reminded = Those who decide were reminded: { $people }
event-decision-made = { $who } { $verdict ->
    [approve] approved
   *[deny] denied
 }{ $why ->
    [yes] : { $reason }
   *[no] .
 }
event-decision-refused = { $who } wanted to decide and was refused: { $reason }
event-request-refused = { $who } was refused: { $reason }
event-merge-request-opened = The merge request !{ $iid } was opened.
event-merge-request-closed = The merge request !{ $iid } was closed.
event-merge-announced = The merge of { $sha } was announced, before it was asked for.
event-merge-done = It was merged as { $sha }.
event-action-announced = The action was announced, before it was begun: { $calls }
event-action-done = The action was carried out.
event-action-reconciled = After an interruption the world was asked what had happened: { $happened } { $merged }
event-certificate-issued = A certificate for { $domain } was issued: serial { $serial }, until { $until }.
event-credentials-lent = Rights were lent for { $action }, until { $expires-at } at the latest.
event-credentials-ended = Rights lent for { $action } ended: { $ending }
event-effect-verified = What was wanted was read back: { $state }
event-effect-missing = What was wanted was not found: { $state }
event-plan-differed = The plan that was applied ({ $applied }) is not the approved one ({ $approved }).
event-apply-refused = { $job } refused to apply in { $environment }: its plan is not the approved one. { $departures }
event-checkpoint-signed = The audit was signed.

## The audit

audit-title = { $query }
audit-asked = asked by { $who } { $at } · { $id }
audit-card = Card
audit-nothing = Nothing was found.
audit-hint = Fewer words find more: /infra audit alone shows the latest of this client. Known: who: what: on: since: state:
audit-button-older = Older
audit-end = That is all.
