### What `tandem catalog discover` says beside its diff.

discover-no-kind = Things of this kind are not discovered yet. Please write it by hand.
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
