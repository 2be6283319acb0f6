### The way back: said on the card before anybody decides, and by /infra undo.

undo-offered = Undo: /infra undo { $id }, which is “{ $line }”
undo-none = Nothing takes this back.
undo-unfit = There is no way back by a command: { $why }
undo-misread = There is no way back by a command: it would not be read as it is meant.

note-undoes = This takes back { $id }: { $title }.
thread-undo-asked = { $who } asks to take this back: { $id }, “{ $line }”
help-undo = /infra undo ID asks for the way back of what was done; its card showed which line that is.

refused-undo-usage = Please give one id, as in: /infra undo abcd234
refused-undo-not-done = { $state ->
    [asked] { $id } is not done yet. To call it off: /infra cancel { $id }
    [proposed] { $id } is not done yet. To call it off: /infra cancel { $id }
    [approved] { $id } is not done yet. To call it off: /infra cancel { $id }
    [running] { $id } is running. Please wait for its end, then undo it.
    [in_doubt] Whether { $id } took effect is not known yet. Please wait until it is, then undo it.
    [failed] { $id } failed, so it is not certain what there is to take back. Please look at it first: /infra status { $id }
   *[other] { $id } was never carried out ({ $state }), so there is nothing to take back.
 }
refused-undo-none = { $id } cannot be undone: { $why }
refused-undo-again = { $id } was undone by { $by } already. To have it again: /infra undo { $by }
refused-undo-under-way = { $id } is being undone by { $by } already. Please look there.
refused-undo-overtaken = Since { $id } the same was changed again by { $by }. Please undo that first, or ask for what you want now: /infra { $line }
