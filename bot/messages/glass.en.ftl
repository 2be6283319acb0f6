### Acting at once in an emergency, and the review that follows.

## Asking

asked-glass = Noted as break-glass { $id }: { $title }. A card follows here with what it would do. Nothing happens before you have looked at it and broken the glass there.

refused-glass-usage = Please give a whole command and the reason, as in: /infra break-glass restart web-2 because the shop answers with errors since 02:10
refused-glass-reason = Please say in a few words why it cannot wait ({ $least } to { $most } characters, got { $length }): both companies read it.
refused-glass-later = An emergency is now, so break-glass takes no later time (rule glass-later, built in). Please leave out --at, or ask without break-glass.
refused-glass-review-open = Your break-glass { $id } is not reviewed yet, and until it is you break no other (rule glass-review-open, built in). These can close it, with /infra review { $id } and what they found: { $who }. Somebody else may break the glass meanwhile, and the usual way stays open to you.
refused-glass-review-elsewhere = A break-glass of yours for another client is not reviewed yet, and until it is you break no other (rule glass-review-open, built in). Please have it reviewed there. Somebody else may break the glass meanwhile, and the usual way stays open to you.

## Breaking it

thread-glass-proposed = { $who }: this is what would be done. Nobody else has to approve it; break the glass on the card, until { $until }, or cancel it.

refused-glass-not-asked = This was not asked for as break-glass, so it waits for those who decide (rule glass-not-asked, built in). In an emergency whoever asked can ask for it anew: /infra break-glass, the command, because, and the reason.
refused-glass-not-open = { $state ->
    [asked] It is still being prepared; please wait for the card to show what would be done.
    [approved] The glass is broken already; it is about to run.
    [running] The glass is broken already; it is running.
    [in_doubt] The glass was broken already; whether it took effect is not known yet.
   *[other] It is over ({ $state }), so there is nothing to do any more.
 }
refused-glass-of-another = Only who asked for it breaks the glass (rule glass-of-another, built in): { $who }. If it cannot wait for them, please ask for it yourself.
refused-glass-not-decided = This was asked for as break-glass, so nobody approves or denies it (rule glass-not-decided, built in). Only who asked can break the glass or cancel it: { $who }.

glass-broken = You broke the glass of { $id }; it runs now. Both companies are told, and somebody else reviews it afterwards.
glass-announced = BREAK-GLASS for { $client }: { $who } runs “{ $title }” ({ $id }) at once, without waiting for approval{ $frozen ->
    [yes] { " " }and in spite of the freeze
   *[no] { "" }
 }. Reason: { $reason }

## The review

review-opened = A review is open of the break-glass { $id } by { $of }: { $title }. Please look at what happened and close it with /infra review { $id } and what you found: { $who }
review-reminded = The review of the break-glass { $id } by { $of } is still open: { $title }. Please close it with /infra review { $id } and what you found: { $who }
review-closed = { $who } reviewed the break-glass { $id } by { $of } and closed the review: { $finding }
review-line = { $id } by { $who }, { $at }: { $reason }
review-and =
    { $one }
    { $rest }
review-nothing = No review is open here.

refused-review-usage = Please give the id and what you found, as in: /infra review abcd234 The restart was right; the alarm now names the runbook.
refused-review-finding = Please say in a few words what you found ({ $least } to { $most } characters, got { $length }); it stays in the audit.
refused-review-none = There is no open review of such an operation here (rule review-none, built in). Type /infra review to see those that are open.
refused-review-own = Nobody reviews what they did themselves (rule review-own, built in). These can: { $who }.
refused-review-not-yours = An owner of the client or a manager of the provider closes a review, by their own role (rule review-not-yours, built in). These can: { $who }.
refused-review-closed = This review was closed before, by { $who }.
refused-review-early = What was begun is not over yet, so there is nothing to review. Please come back when the card says how it ended.

## Cards and the story

card-glass-title = BREAK-GLASS · { $title }
card-glass-waits = Waiting to be confirmed
card-glass-ready = The glass is broken, about to run
card-glass-reason = Why it cannot wait: { $reason }
card-glass-who = Only { $who } can break the glass, until { $until }. Nobody else has to approve; both companies are told the moment it happens.
card-glass-past = It goes past the approval of: { $needs }
card-glass-broken = { $who } broke the glass at { $at }; nobody approved this.
card-review-open = Not reviewed yet. To close the review: /infra review { $id } and what was found
card-review-closed = { $who } closed the review at { $at }: { $finding }
card-button-break = Break the glass
card-break-title = Break the glass?
card-break-text = { $title }. It acts at once on { $target } in { $environment } of { $client }, with nobody's approval. Both companies are told. Fingerprint { $fingerprint }.
card-withheld-glass = More needs attention than fits here, so there is no button. Please read it in full behind the link; to break the glass then, type: /infra break-glass { $id } { $fingerprint }
card-frozen-past = { $declared ->
    [yes] Frozen by { $who } until { $until }: “{ $reason }”.
   *[no] Frozen by the catalog ({ $who }) until { $until }: “{ $reason }”.
 } Breaking the glass goes past this.

event-glass-broken = { $who } broke the glass, with nobody's approval: { $reason }
event-review-opened = A review was opened; these were told: { $people }
event-review-reminded = The review was still open; these were told again: { $people }
event-review-closed = { $who } closed the review: { $finding }

## Help

help-break-glass = /infra break-glass COMMAND because REASON runs it at once in an emergency, past freeze and approval: both companies are told, and somebody else reviews it.
help-review = /infra review ID and what you found closes the review of a break-glass; alone it lists those that are open.
