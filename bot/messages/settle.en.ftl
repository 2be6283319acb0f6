### What nobody can read from the world, somebody who looked may say: /infra settle.

help-settle = /infra settle ID done|failed WHAT YOU FOUND ends what is in doubt, once somebody has looked.

refused-settle-usage = Please give the id, whether it was done or failed, and what you found, as in: /infra settle k3f7x2a done The machine rebooted at 03:12
refused-at-work = Tandem is looking right now what became of { $id }. Its thread says what it finds; if that is nothing, please say this again in a minute.
refused-not-in-doubt = Only what is in doubt can be settled by looking; this is { $state }.
refused-own-doubt = Nobody settles what they asked for or wrote themselves (rule own-doubt, built in). These can: { $who }.
refused-not-a-settler = Only those who may decide on this can say what became of it (rule not-a-settler, built in). These are: { $who }.

settled-done = { $id } is settled: it was done. The card says that you looked.
settled-failed = { $id } is settled: it was not done. The card says that you looked.
settled-by = { $who } looked and says that it { $verdict ->
    [done] was done
   *[failed] was not done
 }: { $found }

doubt-look = Whoever may decide can look and say what became of it: /infra settle { $id } done|failed WHAT YOU FOUND

event-doubt-settled = { $who } looked and said that it { $verdict ->
    [done] was done
   *[failed] was not done
 }: { $found }
