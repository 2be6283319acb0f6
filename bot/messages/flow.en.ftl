### What the stages of the flow came to say after the first texts of core.en.ftl.

refused-protected = The catalog protects { $attribute } of { $target }, so no command changes it (rule protected, built in). Please talk to the provider, who can change that there.
refused-pushed-before = Somebody else's commits are in this merge request ({ $paths }), so what would be merged is not what would be shown. Please ask for it anew: { $url }

note-look-alikes = Mind the name: this is { $target }, not { $names }.

doubt-refused = It was begun, and then this came, so nobody knows yet whether it took effect: { $reason } Tandem looks again.

waiting-broken = Something on our side is broken (reference { $reference }). People were alerted, and Tandem tries again by itself.
waiting-manual = Merged; the pipeline that applies it stands still until somebody starts a job by hand in GitLab: { $url }

thread-plan-differed = The pipeline applied another plan ({ $applied }) than the one that was approved ({ $approved }): the branch moved on before the merge. Please look at what it did: { $url }
thread-plan-unread = The plan that the pipeline applied could not be read, so it was not compared with the approved one: { $url }

announce-checkpoint-own = Checkpoint of the provider's own audit: { NUMBER($seq, useGrouping: 0) } records, last hash { $head }.
