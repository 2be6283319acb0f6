# What is said of parameters: values of a client's configuration, set by merge request.

refused-parameter-type = “{ $got }” does not fit { $name }: it takes { $wanted }. Nothing was run.
refused-parameter-choice = { $name } cannot be “{ $got }”. Allowed: { $choices }.
refused-parameter-range = { $name } cannot be { $got }. The least is { $least }, the greatest { $most }.
refused-value-no-pipeline = GitLab merges nothing here without a pipeline, and no job runs for { $file }. Add a job for it to the project: { $url }
parameter-text = one line of text
parameter-integer = a whole number
parameter-number = a number of at most 15 digits, such as 0.5
parameter-boolean = true or false

# The card, and how it ended.
value-summary = Sets one value in { $file }. No pipeline says what follows from it: the diff is all that changes.
value-no-effect = The plan changes nothing: another file may set this value after { $file }.
value-merged = { $name } is { $value } in { $file } on { $branch }. It takes effect when that file is next applied.
value-applied = { $name } is { $value } in { $file }, and the pipeline applied it.
value-found = { $name } is { $value } in { $file }

catalog-repeated-parameter = { $got } is declared by another parameter already, in { $first }.
catalog-bound-of-no-number = { $name } is for numbers, and this parameter is of type { $type }.
catalog-bounds-crossed = max is less than min.
catalog-choice-of-other-type = “{ $got }” is not of type { $type }.
