### The trust ladder.

trust-level-propose = propose
trust-level-review = merge with review
trust-level-self-serve = self-serve inside an envelope
trust-level-committer = committer

trust-unlocks-propose = You ask for anything that the policies let you ask for. Every change needs the provider.
trust-unlocks-review = You ask and review each other as equals: changes are decided by the people that the routes name, the provider among them.
trust-unlocks-self-serve = Small changes that the provider approved beforehand pass by themselves, so many a day, while both companies are there.
trust-unlocks-committer = Your developers merge their own merge requests in GitLab, once it is so in every environment. Each such merge is audited.

trust-title = Trust in { $environment }: from { $before } to { $level }
trust-summary = Changes what both companies agreed on. It counts once it is carried out, until it is moved again or the catalog says something else.
trust-reason = Why
trust-opens = Opens: { $what }
trust-locks = No longer: { $what }
trust-branch-opens = In GitLab, developers may then merge into { $branch } of { $project } themselves.
trust-branch-closes = In GitLab, developers may then no longer merge into { $branch } of { $project } themselves.
trust-both-sides = Both companies agree to this. Who asked has spoken for one of them, if it is theirs to say; somebody of the other decides.
trust-moved = { $client } is at { $level } in { $environment } from now on. Agreed by { $who }. Why: { $reason }
trust-now = Trust in { $environment } is { $level } now
trust-unprotected = GitLab does not protect { $branch } as it would have to, so the level stays as it was.
trust-lapsed = The catalog says { $level } for { $environment } now. What had been agreed here ({ $was }) no longer counts.
voided-trust = The level of trust there was moved after this was shown, so others may have to decide. Please ask again.

trust-may-anything = the branch is not protected, so developers may push and merge
trust-may-push = developers may push
trust-may-merge = developers may merge
trust-may-nothing = developers may neither push nor merge
trust-drift = GitLab does not protect { $branch } of { $project } as agreed: { $found }. Agreed is: { $wanted }. Please have a maintainer set it right.
trust-drift-restored = GitLab did not protect { $branch } of { $project } as agreed: { $found }. Agreed is: { $wanted }. Tandem sets it so again.
trust-drift-over = GitLab protects { $branch } of { $project } as agreed again: { $found }.

trust-sheet = How far { $client } is trusted
trust-heading = { $environment }: { $level }
trust-now-unlocked = Now: { $what }
trust-next-unlocks = Next is { $level }: { $what }
trust-top = There is no level above.
trust-declared = Agreed here. The catalog says { $level }; when it says something else, that counts.
trust-rule = By the routes: { $risk } risk is decided by { $roles }.
trust-rule-envelope = By the routes: { $risk } risk passes by itself, { $per_day } a day.
trust-rule-command = { $rule } That is for { $limit } alone.
trust-rule-costs = { $rule } That is for what adds { $limit } USD a month at most.
trust-rule-history = { $rule } That is when the last { $limit } went well.
trust-any-risk = any
trust-numbers = In { $days } days: { $decided } decided, { $approval } % of them approved; { $carried } carried out, { $failing } % of them failed; { $done } done, { $undoing } % of them undone.
trust-too-few = Fewer than { $enough } changes were carried out: too few to suggest anything.
trust-stay = The numbers suggest to stay.
trust-suggest-up = The numbers suggest a step up, to { $level }. It is yours to ask for.
trust-suggest-down = The numbers suggest a step down, to { $level }. It is yours to ask for.
trust-branch-heading = In GitLab
trust-branch-unseen = The protection of the branch was not looked at yet.
trust-branch-fits = As agreed, for { $branch } of { $project }: { $found }.
trust-branch-drifted = Not as agreed, for { $branch } of { $project }: { $found }. Agreed is: { $wanted }.
trust-hint = To move, an owner of the client or a manager of the provider types: /infra trust, where, the level (propose, review, self-serve or committer), and why. The other company decides.

refused-trust-usage = Please say where, which level and why, as in: /infra trust staging self-serve twenty clean changes since May. To see how things stand: /infra trust
refused-trust-word = “{ $got }” is unknown here. Known: { $known }.
refused-trust-same = It is { $level } in { $environment } already.

request-committed = { $who } merged merge request !{ $iid } as a committer, as agreed: { $url }

event-trust-announced = A move on the trust ladder was begun.
event-trust-moved = The level of trust was moved.
event-trust-lapsed = What was agreed on trust lapsed: the catalog says something else.
event-protection-set = The branch's protection was set.
event-protection-drifted = GitLab's protection is not as agreed.
event-protection-restored = GitLab's protection is as agreed again.
event-committer-merged = A committer merged by themselves, as agreed.

catalog-reserved-target = “{ $got }” is what moves of trust are about; please give the target another name
catalog-trust-one-sided = a move of trust is agreed by both companies; wanted somebody of the client and somebody of the provider, and no envelope

help-trust = /infra trust says how far this client is trusted and what that opens; /infra trust ENVIRONMENT LEVEL REASON asks to move it.
