### Who of Slack is who in GitLab, proved from both sides.

link-asked =
    To prove that you are { $name } in GitLab, open an issue in { $project }, signed in as { $name }, within { $minutes } minutes: { $url }
    Its title has to be exactly:
    { $title }
    Tandem then answers under that issue with a line to type here. Keep the title to yourself until then; it is not shown again.
link-told = You were told what to do to be linked to { $name }, and it is shown once only. If you have lost it, please ask again: /infra link { $name }
link-note = Somebody asked in Slack to be linked to the GitLab user { $name }: { $who } of { $organisation }, as Tandem knows them. If that is you, type the line below in the channel where you asked. If it is not you, type nothing and close this issue.
link-noted = Tandem has answered under your issue: { $url } Please type the line that stands there, here.
link-made = You are linked to { $name } in GitLab now. What { $name } commits and opens counts as yours: you do not decide on it.
link-removed = You are linked to { $name } no more. What { $name } committed before is not yours to decide on for a while all the same.
link-expired = Nobody proved in time that you are { $name } in GitLab, so you are not linked. To try again: /infra link { $name }
link-not-made = You are not linked to { $name }: { $reason }
link-other-author = The issue with your code was opened by { $other } and not by { $name }: { $url } The code is void. Please ask again, and open the issue signed in as { $name }.
link-gone = You, or the client in whose channel you asked, are no longer in the catalog.

link-you =
    You are { $name } ({ $member }) of { $organisation }: { $roles }.
    { $catalog }
    { $link }
link-by-catalog = In GitLab you are { $name }, says the catalog.
link-not-in-catalog = The catalog does not say who you are in GitLab.
link-since = You proved to be { $name } in GitLab, since { $since }.
link-none = You have proved no GitLab user yourself. To do so: /infra link and your name there.

refused-link-usage = Please say your GitLab user name, as in: /infra link alice. To say the code under your issue: /infra link confirm CODE. To take your link back: /infra link remove. Alone, /infra link shows who you are.
refused-link-other-person = The catalog says that { $name } in GitLab is somebody else. If that is wrong, please ask the provider to correct it.
refused-link-other-name = The catalog says that you are { $name } in GitLab. If that is wrong, please ask the provider to correct it.
refused-link-already = You are linked to { $name } already. To be linked to somebody else, take that back first: /infra link remove
refused-link-taken = Somebody else has proved to be { $name } in GitLab. If that is you as well, the other has to take it back first: /infra link remove
refused-link-none = You are linked to no GitLab user, so there is nothing to take back.
refused-link-nothing-asked = There is nothing to confirm. To begin: /infra link and your GitLab user name.
refused-link-other-account = You asked for this from another Slack account of yours, and it is confirmed from that one. To begin anew from here: /infra link and your GitLab user name.
refused-link-expired = That took too long, so the codes are void. To begin anew: /infra link and your GitLab user name.
refused-link-not-answered = Tandem has not answered under your issue yet. Please open it as you were told, wait for the answer, and type the line that stands there.
refused-link-wrong-code =
    { $left ->
        [one] That is not the code under your issue. You have one try left.
       *[other] That is not the code under your issue. You have { $left } tries left.
    }
refused-link-wrong-codes = That was one wrong code too many, so they are void. To begin anew: /infra link and your GitLab user name.
refused-link-used = That was confirmed already; you are linked. To see it: /infra link

event-link-asked = { $who } asked to be linked to { $gitlab } in GitLab.
event-link-answered = The issue of { $gitlab } was about to be answered with a code.
event-link-noted = The issue was answered: { $url }
event-link-made = { $who } proved to be { $gitlab } in GitLab.
event-link-refused = The link was refused: { $reason }
event-link-expired = Nobody proved in time to be { $gitlab } in GitLab.
event-link-removed = { $who } took the link to { $gitlab } back.

help-link = /infra link NAME proves which GitLab user you are; /infra link shows who Tandem takes you for; /infra link remove takes it back.
