# Advice on merge requests that clients open themselves.
guide-secret =
    { $kind ->
        [aws-key] This looks like an AWS access key.
        [private-key] This looks like a private key.
        [gitlab-token] This looks like a GitLab token.
        [slack-token] This looks like a Slack token.
        [vault-token] This looks like a Vault token.
       *[password] This looks like a password.
    } Whoever can read the repository has it now: revoke it, and read it from Vault instead.
guide-trailing = There is white space at the end of this line; terraform fmt takes it away.
guide-tabs = This line begins with a tab; terraform fmt indents with two spaces.
guide-last-line = The file does not end with a line end; terraform fmt adds it.
guide-pipeline = This changes what the pipeline runs with the project's credentials. No plan shows that: read it line by line.
guide-name = “{ $name }” is not in snake case (small letters, digits, underscores): Terraform's style guide names things so.
guide-tags = Tags are missing here: { $tags }. Bills and alerts are sorted by them.
guide-version = The provider “{ $provider }” has no upper version here: give it one, or a new major version comes by itself.
guide-layout = New files belong in one of these folders: { $folders }.

request-title = Merge request !{ $iid } by { $who }: { $title }
request-advice = { $count ->
        [one] One thing to mend, as a note in the merge request: { $first }
       *[other] { $count } things to mend, as a note in the merge request. The first: { $first }
    }
request-advice-line = { $path }, line { $line }: { $advice }
request-newer = A newer push replaced this; look at the card of that one.
request-stranger = Merge request !{ $iid } was opened by { $who }, who is nobody in Tandem's catalog, so it passes no gate (rule request-stranger, built in). Please have somebody open it who is known, or { $who } entered there. { $url }
request-fork = Merge request !{ $iid } by { $who } comes from a fork, so it is not taken in and passes no gate (rule request-fork, built in). Please push its branch to the project itself and open it from there, or have somebody do that who may. { $url }
request-around = Merge request !{ $iid } was merged by { $who } without Tandem: nobody approved what it changes here. { $url }
request-other-client = Merge request !{ $iid } was opened by { $who }, who does not work on this client, so it passes no gate (rule other-client, built in). Please have somebody open it who does. { $url }
request-applied = Merged, and its pipeline has applied it ({ $commit }).
refused-request-draft = It is still a draft. Mark it as ready in GitLab, and Tandem looks at it again.
request-merged = Merged as { $commit }. Nothing in it is applied by a pipeline.
request-denied = It was denied in chat; the thread of its card there has the reason.
request-cancelled = Its author called it off in chat. A new push brings a new card.
request-advice-note = Before this is decided on, please look at this. Nothing is merged by itself meanwhile.
event-gate-bypassed = A merge request was merged by { $merged-by }, past this gate.
