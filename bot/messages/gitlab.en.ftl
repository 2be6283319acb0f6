# What the GitLab adapter says to people. Words of ours only; ids of things as data.

refused-gitlab-absent = GitLab does not show { $what } to Tandem. Ask the provider whether it was removed, or whether Tandem's access to the project ended.
refused-gitlab-rejected = GitLab refused to { $action }: { $reason }
refused-gitlab-branch-taken = A branch named { $branch } is there already and is not what Tandem would have written. Nothing was opened. Ask somebody of the project to look at it and delete it, then ask again.
refused-gitlab-too-large = { $what } is larger than Tandem reads ({ $limit }). Nothing was done.
refused-gitlab-link = { $path } is a symbolic link; Tandem edits plain files only.
refused-gitlab-job-not-green = The job { $job } did not succeed ({ $status }), so nothing it left behind is used.
