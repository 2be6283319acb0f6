### What is said of time: hours, freezes, the rota, moments, quotas.

## The catalog

catalog-unknown-timezone = There is no time zone “{ $got }”. Wanted one of the IANA database, such as Europe/Paris.
catalog-unknown-country = No public holidays are known for “{ $got }”. Wanted a country, such as FR, or a part of one, such as FR-57.
catalog-opening-ends-first = It closes before it opens. Hours over midnight are two: until "24:00", and from "00:00".
catalog-freeze-ends-first = The freeze is over before it begins.
catalog-freeze-overlaps = The freeze lasts longer than the time until it comes back.
catalog-shift-source = A shift has members, or a feed, or a group: wanted exactly one; only members take turns.
catalog-more-than-there-are = Got { $got } on call at once, of { $limit }.
catalog-event-twice = The event “{ $got }” is given twice. Each title is one person's.
catalog-needs-or-envelope = A rule says who approves, or has an envelope and needs: []. Wanted one of the two.
catalog-envelope-twice = The envelope “{ $got }” is in a rule above already. Each is counted by its name: please give this one another.
catalog-quiet-always = It would be quiet all day and all night: from and until are the same time.
catalog-escalation-order = The managers would be told before the next person: wanted next_after shorter than manager_after.

## Moments that people type

refused-when-unread = “{ $got }” is not a moment Tandem reads. Please type one of: today 18:00, tonight 22:00, tomorrow 09:00, friday 09:00, 2026-12-01 22:00, or with its zone 2026-12-01T22:00Z.
refused-when-past = “{ $got }” is over already: { $found }. Please give a moment that is still to come, with its date if it is not today.
refused-when-far = “{ $got }” is more than 90 days away: { $found }. Please ask again closer to it.
refused-when-tonight = “{ $got }”: tonight begins at 17:00. Please type today or tomorrow, and the time.
refused-when-twice = “{ $got }” comes twice in { $timezone }, because clocks go back that night. Please type which one: { $both }
refused-when-skipped = “{ $got }” never comes in { $timezone }, because clocks go forward over it. Please give another time.

## Freezes

refused-freeze-usage = Please say where, until when and why, as in: /infra freeze production until tomorrow 09:00 We launch tonight
refused-freeze-where = There is no environment “{ $got }”. Please type one of: { $known }.
refused-unfreeze-usage = Please say where, as in: /infra unfreeze production
refused-freeze-none = There is no freeze declared in chat to end here (rule freeze-none, built in). One that the catalog declares ends there; please talk to the provider.
refused-freeze-of-others = This freeze was declared by { $by } of the other company: “{ $reason }”. Only their company ends it early (rule freeze-of-others, built in). These can: { $who }.
refused-frozen = { $declared ->
    [yes] { $who } froze this until { $until }: “{ $reason }”.
   *[no] This is frozen by the catalog ({ $who }) until { $until }: “{ $reason }”.
 } It cannot be approved before (rule frozen, built in). It can still be denied or cancelled.

freeze-declared = Frozen ({ $environment }) until { $until }. People can ask, but nothing is approved or run. To end it early: /infra unfreeze { $environment }
freeze-announced = { $who } froze { $environment ->
    [all] everything
   *[other] { $environment }
 } here until { $until }: “{ $reason }”. Requests are still taken; they are approved and run afterwards.
freeze-lifted = { $count ->
    [one] The freeze is over.
   *[other] { $count } freezes are over.
 } What was approved runs now.
freeze-over = { $who } ended the freeze of { $environment ->
    [all] everything
   *[other] { $environment }
 } here. What was approved runs now.

waiting-frozen = { $declared ->
    [yes] { $who } froze this until { $until }: “{ $reason }”.
   *[no] This is frozen by the catalog ({ $who }) until { $until }: “{ $reason }”.
 } It is approved and runs afterwards, if its time is not over by then.
card-frozen = { $declared ->
    [yes] Frozen by { $who } until { $until }: “{ $reason }”.
   *[no] Frozen by the catalog ({ $who }) until { $until }: “{ $reason }”.
 } It cannot be approved or run before.

event-operation-paused = It was held by a freeze of { $by } until { $until }: { $reason }
event-freeze-declared = A freeze was declared.
event-freeze-lifted = A freeze was ended.

## The rota

oncall-shown = On call now: { $now }. From { $from }: { $next }.
oncall-always = On call now: { $now }. No change is planned.
oncall-taken = { $who } took over and is on call until { $until }.
oncall-given = { $by } handed over: { $who } is on call until { $until }.
refused-oncall-usage = Please type one of: /infra oncall, /infra oncall take until tomorrow 09:00, /infra oncall give @person until tomorrow 09:00
refused-oncall-long = An override lasts 14 days at most. Please give an earlier end, or have the rota changed in the catalog.
refused-rota-not-yours = Only the provider's engineers, and whom its rota names, take over or hand over (rule rota-not-yours, built in). These can: { $who }.
refused-rota-not-theirs = { $to } is not among those who may be on call (rule rota-not-theirs, built in). These can be: { $who }.
rota-stalled = The calendar { $feed }, which says who is on call, could not be read for too long. Nobody is on call by it now, so nobody can approve as such. Whoever takes over types: /infra oncall take
rota-resumed = The calendar { $feed } is read again; the rota goes by it.

event-duty-claimed = Somebody took over the rota.
event-duty-passed = The rota was handed over.
event-rota-stalled = A calendar of the rota stood still, so nobody was on call by it.
event-rota-resumed = A calendar of the rota was read again.

## Schedules and envelopes

refused-when-again = Two moments are given. Please keep one, as in: --at "tonight 22:00"
asked-scheduled = Noted as { $id }: { $title }, to run at { $at }. A card follows here with what it would do and who decides; it has to be decided by then, and can be cancelled until then.
card-scheduled = Scheduled for { $at }. It is decided before, and everything is checked again then.
changed-scheduled-for = The moment it is scheduled for is { $after } instead of { $before }.
thread-envelope = Approved by the policy, not by a person: envelope { $envelope }, { $number } of { $most } today.
card-envelope = Approved by the policy: envelope { $envelope }, { $number } of { $most } that day
voided-history = Who decides was chosen because this went well so often in a row, and since then one failed, was undone, is in doubt or is too long ago. Others may have to decide now. Please ask again.
card-rule = By rule { $rule } of the routes.
card-rule-cost = It takes up to { $most } USD more a month; this is { $cost }.
card-rule-history = It takes what went well { $wanted } times in a row; it did { $count ->
    [one] once
   *[other] { $count } times
 }.
voided-hours = Only the policy approved it, and nobody is there now: what it approves runs while people are there. Please ask for it anew.

## Quiet nights and escalation

thread-proposed-quiet = Ready to be decided on, until { $until }. It is of low risk and it is night, so nobody is called before the morning; the night does not count into its time.
card-quiet = Of low risk, so nobody is called for it before the morning; the night does not count into its time.
escalated-next = Nobody has decided on { $title } ({ $id }) yet, and you are next on the rota. It can be decided until { $until }. If you are not on call now, type /infra oncall take first.
escalated-managers = Nobody of the rota has decided on { $title } ({ $id }) yet. It can be decided until { $until }. Please see to it that somebody does.
escalated-thread = Nobody has decided yet, so these were told: { $who }.

event-operation-escalated = Nobody had decided, so these were told: { $people }

## Help

help-at = --at "tonight 22:00" after a command has it decided now and run then.
help-oncall = /infra oncall shows who is on call, now and next.
help-freeze = /infra freeze ENVIRONMENT until TIME REASON stops approvals and runs; /infra unfreeze ENVIRONMENT ends that.
