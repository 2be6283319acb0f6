### What `tandem catalog discover` says beside its diff.

discover-not-looked-for = Not looked for: hosts, database servers, parameters, and disks inside an instance's own block. Please write those by hand.
discover-several-groups = It stands for several groups, and a rule is written beside one. Please write it by hand.
discover-rules-inside = Its rules stand inside its own block, where single ones beside it would be taken out again. Please move them out first, or write it by hand without a place in the code.
discover-two-kinds = Its rules may be of more than one kind of resource: { $kinds }. Please write it by hand.
discover-in-module = It stands in a module, so its address is that of each call. Please write it by hand.
discover-no-name = It has no name in AWS, so nobody could type it. Please give it a Name tag.
discover-twins = { $count } of them are named “{ $name }”, so the name means none of them. Please rename all but one.
discover-bad-name = “{ $name }” cannot be a target's name: small letters, digits, dots and dashes. Please write it by hand.
discover-name-taken = The inventory has a target named “{ $name }” already, which is another thing.
discover-many-places = More than one place in the code could be it: { $places }. Please write it by hand.
discover-no-environment = Neither a tag named Environment nor its folder says where it serves. Please write it by hand.
discover-not-in-aws = It is in the code, and AWS has no such thing by any name the code gives.
discover-gone = The inventory has this { $kind }, and AWS does not. Nothing is taken out by itself.
discover-refused = AWS would not list these ({ $code }), so nothing is said of them.

refused-discover-client = The catalog has no client “{ $got }”. Known: { $known }.
refused-discover-list = { $file } has no list of targets to add to. Please write the first one by hand.

event-inventory-read = What this client has was read for its inventory.
