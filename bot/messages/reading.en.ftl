### What the questions are answered with: list, show, and a target's live state.

asked-not-alike = { $title } (not { $names })
