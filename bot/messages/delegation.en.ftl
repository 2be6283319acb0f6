### Roles lent for a while.

delegation-made = { $giver } lends being { $role } to { $taker }, from { $begins } until { $until }. It counts where people decide, and never on { $giver }'s own requests.
delegation-ended = { $giver } takes being { $role } back from { $taker }.
delegation-line = { $giver } lends being { $role } to { $taker }, from { $begins } until { $until }.
delegation-and =
    { $one }
    { $rest }
delegation-nothing = Nobody has lent a role here.

refused-delegate-usage = Please say which role, to whom and until when, as in: /infra delegate client.owner to @name until friday 18:00, or from monday 09:00 until friday 18:00. To take it back: /infra delegate client.owner back
refused-delegate-role = “{ $got }” is no role that decides. Known: { $known }.
refused-delegate-rota = Being on call is not lent, so that one person has it and not two (rule delegate-rota, built in). These can hand it over, with /infra oncall give: { $who }.
refused-delegate-not-yours = You are not { $role } yourself, and what was lent to you cannot be lent on (rule delegate-not-yours, built in). These can: { $who }.
refused-delegate-self = Nobody lends a role to themselves; you have it already (rule delegate-self, built in). Please choose a colleague.
refused-delegate-gone = { $who } is deactivated, so nothing counts that is lent there (rule delegate-gone, built in). Please choose another colleague.
refused-delegate-other-company = { $who } works for another company: where both companies have to agree, one would speak for both (rule delegate-other-company, built in). Please choose a colleague.
refused-delegate-has-it = { $who } is { $role } already and decides without it being lent (rule delegate-has-it, built in). Please choose another colleague.
refused-delegate-long = A role is lent for at most { $days } days, and ends after it begins (rule delegate-long, built in). Please say another end.
refused-delegate-none = You have lent nobody this role here, and only who lent it takes it back (rule delegate-none, built in). Type /infra delegate to see what is lent, and by whom.
refused-delegate-of-requester = You decide here only by what { $giver } lent you, and this is { $giver }'s own (rule delegate-of-requester, built in). These can: { $who }.

event-delegation-made = A role was lent.
event-delegation-ended = A lent role was taken back.
