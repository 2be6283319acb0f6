# What the editors of YAML and JSON say.
# $file and $line: where in the client's code; $what: a piece of that code, as it stands.

refused-editing-value = “{ $what }” cannot be written to { $file } so that it reads back the same.
refused-editing-template = “{ $what }” looks like a template, which Ansible would run. Leave out double braces and the like.
refused-editing-type = { $what } at { $file } line { NUMBER($line, useGrouping: 0) } is of another type than what you gave. Text stays text, and a number a number.
refused-editing-already = It is already “{ $what }”: { $file } line { NUMBER($line, useGrouping: 0) }. Nothing to change.
refused-editing-no-file = { $file } is not in the repository. Check the path in the inventory.
refused-editing-encoding = { $file } is not UTF-8 from line { NUMBER($line, useGrouping: 0) } on. Save it as UTF-8 first.
refused-editing-large = { $file } is larger than { $what }, so it is not edited from here.
refused-editing-syntax = { $file } has a syntax error near line { NUMBER($line, useGrouping: 0) }. Correct that first: beyond it nothing can be read for certain.
refused-editing-documents = { $file } holds several documents; the second begins at line { NUMBER($line, useGrouping: 0) }. Which one is meant cannot be told, so change it by hand.
refused-editing-no-key = There is no { $what } in { $file } (looked for at line { NUMBER($line, useGrouping: 0) }). Write it there once; from then on it can be changed from here.
refused-editing-present = { $what } is there already: { $file } line { NUMBER($line, useGrouping: 0) }. Nothing to add.
refused-editing-duplicate = { $what } is written more than once, again at { $file } line { NUMBER($line, useGrouping: 0) }. Keep one of them first.
refused-editing-not-scalar = At { $file } line { NUMBER($line, useGrouping: 0) } stands a whole collection, not one value: { $what }.
refused-editing-not-collection = { $what } leads into a single value at { $file } line { NUMBER($line, useGrouping: 0) }. Check the path in the inventory.
refused-editing-shared = { $what } at { $file } line { NUMBER($line, useGrouping: 0) } is used in several places at once (an anchor and its aliases). Change it by hand.
refused-editing-merged = { $what } is taken over from elsewhere by the merge key at { $file } line { NUMBER($line, useGrouping: 0) }. Change it by hand.
refused-editing-tagged = The value at { $file } line { NUMBER($line, useGrouping: 0) } carries a tag (“{ $what }”), such as a vaulted secret has. Change it by hand.
refused-editing-jinja = The value at { $file } line { NUMBER($line, useGrouping: 0) } is computed by Ansible: “{ $what }”. Change it by hand.
refused-editing-style = { $what } at { $file } line { NUMBER($line, useGrouping: 0) } is written over several lines or in an unusual way. Change it by hand.
