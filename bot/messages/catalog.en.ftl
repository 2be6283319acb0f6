### What is said to operators about a catalog that cannot be put in force.
### Each is shown after file:line:column.

catalog-refused =
    { $count ->
        [one] The catalog is not put in force: { $place }: { $first }
       *[other] The catalog is not put in force, { $count } things are wrong. The first: { $place }: { $first }
    }

## The folder

catalog-no-folder = There is no folder { $folder }. Please check where the catalog is set to be.
catalog-no-file = This file is missing. Please create it; `tandem check --schema` prints what goes into it.
catalog-unknown-file = This YAML file is none of the catalog's; meant may be: { $known }. Please rename it, or keep it elsewhere.
catalog-link = This is a symbolic link. Please put a copy here: only the catalog's folder as a whole may be a link.
catalog-not-a-file = This is not an ordinary file.
catalog-unreadable = This cannot be read: { $reason }.
catalog-too-big-file = This file is larger than { $limit } KiB, which no person wrote. Please split the client.
catalog-folder-name = The folder's name is the client's id, got “{ $got }”; wanted small letters, digits and hyphens, a letter first, such as acme.
catalog-no-clients = There is no client. Please create clients/<id>/client.yaml and clients/<id>/inventory.yaml.
catalog-too-many-clients = There are more than { $limit } clients. Please split the catalog.

## YAML

catalog-not-utf-8 = This line is not UTF-8. Please save the file as UTF-8.
catalog-not-yaml = This is not YAML: { $problem }.
catalog-bad-character = There is a character in this line that YAML does not allow. Please remove it.
catalog-tab = This line is indented with a tab. Please use spaces.
catalog-empty-file = The file is empty.
catalog-two-documents = A second document begins here. Please keep one document in a file.
catalog-alias = “{ $got }” lets one place mean another. Please write it out: people's rights are read where they stand.
catalog-tag = The tag “{ $got }” is not understood here. Please remove it.
catalog-repeated-key = “{ $got }” is given again; it is first given at line { $line }. Please keep one of the two.
catalog-key-not-text = A key must be text here.
catalog-too-deep = This is nested more than { $limit } deep.

## Keys and values

catalog-kind-text = text
catalog-kind-number = a whole number
catalog-kind-list = a list
catalog-kind-mapping = keys with values
catalog-kind-nothing = nothing
catalog-missing = “{ $name }” is missing here. Please add it.
catalog-unknown-key = There is no “{ $got }” here. Known: { $known }.
catalog-said-by-folder = “{ $got }” is said by the folder and the other files. Please remove it here.
catalog-wrong-kind = Got { $got }, wanted { $wanted }.
catalog-quote-it = Got { $got }, which YAML takes for a number or a truth; wanted text. Please put it in quotes: "{ $got }".
catalog-not-like = Got “{ $got }”, wanted something like { $example } (exactly: { $pattern }).
catalog-one-of = Got “{ $got }”, wanted one of: { $wanted }.
catalog-too-small = Got { $got }, wanted at least { $limit }.
catalog-too-big = Got { $got }, wanted at most { $limit }.
catalog-too-few = The list is too short; wanted at least { $limit }.
catalog-too-long = Got “{ $got }”, wanted at most { $limit } characters.
catalog-not-valid = Got { $got }, which does not fit: { $wanted }.
catalog-unverifiable-deployment = A deployment that cannot be tried with --check needs a health address: without either, nothing tells how it ended.
catalog-taken-variable = A deployment gives no variable named { $got }: names that begin with ansible, inventory_ or deploy_ are taken.
catalog-instance-identity = An instance is found by instance_id or by name_tag: wanted one of the two, and not both.

catalog-group-identity = A security group is found by group_id or by name_tag: wanted one of the two, and not both.
catalog-volume-identity = A volume is found by volume_id or by name_tag: wanted one of the two, and not both.

## What has to fit together

catalog-provider-is-client = “{ $got }” is the id of a client as well. Please give the provider another id.
catalog-repeated-member = There is another person with the id “{ $got }”, in { $first }. Ids are unique among all people.
catalog-repeated-slack = The Slack account { $got } belongs to another person already, in { $first }.
catalog-repeated-gitlab = The GitLab user “{ $got }” is another person already, in { $first }.
catalog-repeated-channel = The channel { $got } is given already, in { $first }. A channel belongs to one company.
catalog-repeated-project = The GitLab project “{ $got }” is another client's already, in { $first }.
catalog-repeated-role = The role { $got } is another client's already, in { $first }. Roles keep clients apart: one each.
catalog-repeated-target = There is another target “{ $got }” of this client.
catalog-repeated-address = The Terraform address { $got } is another target's already.
catalog-repeated-resource = “{ $got }” on AWS is another target's already, in { $first }.
catalog-unknown-instance = There is no instance “{ $got }” in this inventory. Meant may be: { $known }.
catalog-unknown-team = The workspace { $got } is not among slack_teams of provider.yaml ({ $known }). Please correct it here or add it there.
catalog-unknown-member = Nobody of the provider has the id “{ $got }”. Meant may be: { $known }.
catalog-twice-on-shift = “{ $got }” is on this shift twice.
catalog-shift-ends-first = The shift is over before it begins.
catalog-shift-hidden = This shift never comes: shift { $by } above it is always. Please put it above that one.
catalog-role-of-other-account = The role is of account { $got }, but the client's account is { $wanted }.
catalog-no-job = The target is in Terraform, but { $file } has no { $jobs } for { $environment }. Please add it there.
catalog-rule-hidden = This rule is never reached: rule { $by } above it takes all that this one would. Please put it above that one, or remove it.
catalog-role-twice = “{ $got }” is asked for twice. Please ask once, with count: 2.
catalog-lowered-by-cost = What costs more, or what no price is known of, is decided by fewer people here than what costs less in rule { $rule }. Please ask for as many at least.
catalog-lowered-by-history = What did not go well so often is decided by fewer people here than what did in rule { $rule }. Please ask for as many at least.
catalog-lowered-by-risk = A greater risk is decided by fewer people here than a smaller one in rule { $rule }. Please ask for as many at least.
catalog-reminder-too-early = The reminder would come before the request is made: wanted remind_before shorter than expires.
catalog-reminder-too-early-for = For client { $client } the reminder would come before the request is made: wanted remind_before shorter than expires. Please give both in this rule.
catalog-unknown-command = There is no command “{ $got }”. Meant may be: { $known }.
