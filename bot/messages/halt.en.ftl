### What runs on a host may be stopped where it stands: /infra halt.

help-halt = /infra halt ID stops what runs on a host, where it stands. What it did by then stays done.

refused-halt-usage = Please give one id, as in: /infra halt abcd234
refused-not-running = { $state ->
    [asked] It does not run yet. To call it off: /infra cancel and its id.
    [proposed] It does not run yet. To call it off: /infra cancel and its id.
    [approved] It does not run yet. To call it off: /infra cancel and its id.
    [in_doubt] Nothing runs any more; whether it took effect is not known yet.
   *[other] It is over ({ $state }), so nothing runs.
 }
refused-not-stoppable = What this does cannot be stopped halfway: only what runs on a host by Ansible can. Its thread says how it ends.
refused-not-a-halter = Only the person who asked and those who may decide can stop this (rule not-a-halter, built in): { $who }.

halt-told = { $id } is being stopped. The card says how far it came, as soon as that is known.
halt-already = { $who } is stopping it already.
waiting-halted = It is being stopped.
thread-halted = { $who } is stopping it.
ended-halted = { $who } stopped it before it took effect on { $system }.
doubt-halted = { $who } stopped it while it was at work on { $system }. What it did by then stays done.

card-button-halt = Stop it
card-halt-title = Stop what runs?
card-halt-text = It ends now, wherever it stands on { $target }. What it did by then stays done, and nothing is done again.
card-halt-yes = Stop it
card-halt-no = Let it run

event-operation-halted = { $who } stopped it while it ran.
