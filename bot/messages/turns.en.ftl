### Taking turns: several operations on one target.

waiting-turn = Waiting for { $id }, which is at work on the same target.
note-same-target = Mind that { $id } is open on the same target: { $title } ({ $state ->
    [proposed] waiting for approval
    [approved] about to run
    [running] running
   *[in_doubt] in doubt
 }).
