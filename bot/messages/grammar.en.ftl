### What is said about a typed line that cannot be read.
### $column counts from 1 in the line as the person sees it, after the slash command.

## The line itself

grammar-too-long = This line has { $length } characters; at most { $limit } are read. Please shorten it.
grammar-hidden-character = At column { $column } there is a character that nobody can see: { $code } { $name }. Pasting often brings such characters along; please type that part by hand.
grammar-unfinished-token = At column { $column } Slack began a link or a mention that never ends. Please type the line again.
grammar-unknown-token = At column { $column } there is “{ $token }”, which is neither a person, a channel nor a plain address. Please write it as text.
grammar-link-label = At column { $column } a link shows “{ $label }” but leads to “{ $address }”. Please type the name you mean as text.
grammar-unclosed-quote = The quote { $quote } opened at column { $column } is never closed. Please close it, or leave it out.
grammar-stray-quote = At column { $column } there is a quote { $quote } inside a word. Please quote the whole word, or write \" for a quote inside quotes.
grammar-after-quote = At column { $column } a space is missing after the closing quote { $quote }.
grammar-bad-escape = At column { $column } a backslash stands before neither a quote nor a backslash. Please write \\ for a backslash inside quotes.
grammar-mention-inside = At column { $column } { $mention } is glued to other text. Please put spaces around it.

## The words of a command

grammar-no-flags = “{ $word }” (column { $column }) looks like a flag. There are no flags here: please write name=value.
grammar-one-too-many = One word too many: “{ $word }” (column { $column }). To be typed: { $usage }
grammar-unknown-name = There is no “{ $name }=” here (column { $column }). Known: { $known }. If it is meant as text, please quote it.
grammar-repeated-name = “{ $name }” is given twice: first “{ $first }”, then again at column { $column }. Please give it once.
grammar-empty-value = “{ $name }” (column { $column }) is empty. Empty never means “all”: please say what you mean.
grammar-missing = “{ $name }” is missing. To be typed: { $usage }
grammar-word-wanted = At column { $column } “{ $wanted }” was expected, and “{ $got }” stands there. To be typed: { $usage }
grammar-member-wanted = “{ $name }” (column { $column }) wants a person, got “{ $got }”. Please type @ and pick the person from Slack's list.
grammar-channel-wanted = “{ $name }” (column { $column }) wants a channel, got “{ $got }”. Please type # and pick the channel from Slack's list.
grammar-no-mention-wanted = “{ $name }” (column { $column }) is not a place for a person or a channel. Please write it as text.

## The filters of an audit search

grammar-unknown-filter = There is no filter “{ $name }:” (column { $column }). Known: { $known }.
grammar-repeated-filter = The filter “{ $name }:” is given twice, again at column { $column }. Please give it once.
grammar-wrong-who = “who:” (column { $column }) wants a person picked with @, or a member's name such as alice; got “{ $got }”.
grammar-wrong-what = “what:” (column { $column }) wants a command or an event such as resize; got “{ $got }”.
grammar-wrong-on = “on:” (column { $column }) wants the exact name of a target such as web-2; got “{ $got }”.
grammar-wrong-since = “since:” (column { $column }) wants 30m, 2h, 3d, 2w, today, yesterday or a day such as 2026-11-01, within ten years; got “{ $got }”.
grammar-unknown-state = There is no state “{ $got }” (column { $column }). Known: { $known }.
