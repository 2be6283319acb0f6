### What the stages of the flow came to say after the first texts of core.en.ftl.

refused-protected = The catalog protects { $attribute } of { $target }, so no command changes it (rule protected, built in). Please talk to the provider, who can change that there.
refused-pushed-before = Somebody else's commits are in this merge request ({ $paths }), so what would be merged is not what would be shown. Please ask for it anew: { $url }

note-look-alikes = Mind the name: this is { $target }, not { $names }.

doubt-refused = It was begun, and then this came, so nobody knows yet whether it took effect: { $reason } Tandem looks again.

waiting-broken = Something on our side is broken (reference { $reference }). People were alerted, and Tandem tries again by itself.
waiting-manual = Merged; the pipeline that applies it stands still until somebody starts a job by hand in GitLab: { $url }

thread-plan-differed = The pipeline applied another plan ({ $applied }) than the one that was approved ({ $approved }): the branch moved on before the merge. Please look at what it did: { $url }
failed-unapplied = It is merged as { $commit }, but { $job } applied nothing in { $environment }: { $why }{ $count ->
    [0] { "" }
   *[other] { " " }Beside it ended: { $others }.
 } The merge stays on the branch, so the next plan there shows this change too. Put right what differs and start the job again in GitLab, where it still applies nothing but the approved plan; or take the merge back by a merge request: { $url }
unapplied-departs = { $count ->
    [0] its own plan is not the one that was approved.
    [1] its own plan is not the one that was approved. { $change1 }
    [2] its own plan is not the one that was approved. { $change1 } { $change2 }
    [3] its own plan is not the one that was approved. { $change1 } { $change2 } { $change3 }
   *[other] its own plan is not the one that was approved, in { $count } places, such as: { $change1 } { $change2 } { $change3 }
 }
unapplied-more = It would now also do this: { $what }.
unapplied-less = It would no longer do this: { $what }.
unapplied-unnamed = the commit on the branch does not name the plan that was approved. The project's merge method must be one with a merge commit or a squash commit.

thread-plan-unread = The plan that the pipeline applied could not be read, so it was not compared with the approved one: { $url }

announce-checkpoint-own = Checkpoint of the provider's own audit: { NUMBER($seq, useGrouping: 0) } records, last hash { $head }.
