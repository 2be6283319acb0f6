### What the rules of who may do what say to people: yes and no, why, who else, what else.

## No

refused-policy = Not allowed by the rule { $rule } ({ $place }): { $because } { $who } { $instead }
refused-no-policy = No rule permits this to you. { $permits } { $who } { $instead }
refused-rules-failed = The rules could not be asked about this, so the answer is no. Please tell the provider: { $problem }
refused-deactivated = Your account of { $client } is deactivated, so nothing is done for you here (rule deactivated, built in). If that is a mistake, please ask the provider to correct the catalog.

policy-in-words = { $words }
policy-permits-others = The rule { $rule } ({ $place }) permits it to others: { $because }
policy-permits-nobody = No rule permits it to anybody here.
policy-who = { $who } can.
policy-who-more = { $who } and { $more } more can.
policy-who-nobody = Nobody can, as things stand.
policy-instead = Open to you instead: { $lines }
policy-instead-ask = Please ask one of them to do it.
policy-instead-provider = Please talk to the provider.

request-not-permitted = Merge request !{ $iid } was opened by { $who } and passes no gate. { $why } { $url }

## Asked beforehand

refused-can-i-usage = Please give a whole line, as in: /infra can-i backup db-prod
policy-no = No, “{ $line }” would be refused. { $reason }
policy-yes =
    Yes, you may ask for “{ $line }”, by the rule { $rule } ({ $place }): { $because }
    { $course } What the plan or the preview shows may still raise the risk, and with it who decides.
policy-then = { $one } { $rest }
policy-course = At { $risk } risk { $way }.
policy-course-by-plan = At { $risk } risk it depends on the plan, when that is there: on what it destroys or replaces, and how much it touches. By that { $ways }.
policy-or = { $one }; or { $rest }
policy-way-waits = it would wait for { $route }
policy-way-passes = it would pass by itself, approved by the policy: envelope { $envelope }, { $number } of { $most } today
policy-way-nobody = nobody may decide on it, so it would end there: the provider's routes.yaml has no rule for it
policy-frozen = { $declared ->
    [yes] { $who } froze this until { $until }: “{ $reason }”.
   *[no] This is frozen by the catalog ({ $who }) until { $until }: “{ $reason }”.
 } You may ask, but nobody could approve it before.
policy-frozen-past = By then its time would be over, so please ask after the freeze.
policy-missed-frozen = The envelope { $envelope } could let it pass by itself, but nothing does that in a freeze.
policy-missed-closed = The envelope { $envelope } could let it pass by itself, but only while everybody is there.
policy-missed-used = The envelope { $envelope } could let it pass by itself, but its { $most } of today are used up.
policy-need = { $count ->
    [one] { $role } ({ $who })
   *[other] { $count } × { $role } ({ $who })
 }
policy-and = { $one } and { $rest }
policy-wait = So far a decision took { $span } here (the median of { $count }).
policy-expires = It would expire after { $expires }.
policy-expires-by-plan = It would expire after { $expires } to { $longest }, by the plan.
policy-wait-unknown = Nothing was decided here yet, so nobody knows how long that takes.

span-minutes = { $count ->
    [0] less than a minute
    [one] about a minute
   *[other] about { $count } minutes
 }
span-hours = { $count ->
    [one] about an hour
   *[other] about { $count } hours
 }
span-days = { $count ->
    [one] about a day
   *[other] about { $count } days
 }

## Why a rule that Tandem brings along is there

because-clients-ask = Developers and owners of a client ask for changes to their own platform.
because-engineers-ask = The provider's engineers ask for what a client's platform needs, under the same gate.
because-deciders-decide = Whoever holds a role that the route asks for may be among those who decide.
because-requesters-cancel = Whoever asked may call it off.
because-members-see = Everybody who works on a client sees what is asked and done there.
because-members-audit = Everybody who works on a client may search its audit, trainees aside.
because-holders-delegate = Whoever holds a role may lend it for a while.
because-responsible-freeze = Owners, managers and whoever is on call may stop all changes.
because-oncall-breaks-glass = Whoever is on call, and owners of the client, may act at once in an emergency.
because-heads-administer = Owners and managers look after trust levels and links.
because-auditors-only-look = Auditors see and search everything and touch nothing, whatever other role they have.

cli-policy-no-member = The catalog has nobody with the id “{ $got }”. Meant may be: { $known }.

## Help

help-can-i = /infra can-i and a whole line tells beforehand whether you may ask for it, who decides, and how long that took so far.
help-delegate = /infra delegate ROLE to @name until friday 18:00 lends a role of yours to a colleague; back ends it.
help-not-yours = You may not ask for this here. Type /infra can-i and the whole line to read why.
help-nothing-yours = There is nothing you may ask for here, but you may look: status and audit are open to you.

## What is wrong with a policy; shown after file:line:column

catalog-policy-elsewhere = A file of policies belongs into the folder { $folder } beside it; here nobody reads it. Please move it there.
catalog-policy-file-name = Everything in this folder is read as policies, got “{ $got }”; wanted a name such as staging.cedar (small letters, digits, hyphens).
catalog-policy-unreadable = Cedar cannot read this policy: { $problem }. Wanted: permit or forbid (principal, action, resource), conditions, and a semicolon.
catalog-policy-template = This is a template (?principal, ?resource), and nothing here fills it in. Please name who and what.
catalog-policy-no-id = The policy has no name. Please write @id("a-name-of-its-own") before it: refusals and the audit call it by that.
catalog-policy-bad-id = Got @id("{ $got }"), wanted 3 to 60 small letters, digits and hyphens, a letter first.
catalog-policy-repeated-id = There is another policy named “{ $got }”, in { $first }. Please give this one a name of its own.
catalog-policy-no-because = The policy has no reason. Please write @because("…") before it: whoever is refused reads it.
catalog-policy-bad-because = The reason wants plain words on one line, at most { $limit } characters.
catalog-policy-unknown-annotation = There is no annotation “{ $got }” here. Known: id, because.
catalog-policy-permits-all = This permits every action, those of later versions as well. Please name the actions, such as action == Action::"ask".
catalog-policy-unknown-name = There is no { $kind } “{ $got }”, so this never applies. Meant may be: { $known }.
catalog-policy-other-client = { $kind } “{ $got }” is not of { $client }, whose policies these are, so this never applies. Please put what holds for others into the catalog's own policies folder. Known here: { $known }.
catalog-policy-misfit = This does not fit the schema (`tandem policy schema` prints it): { $problem }.
