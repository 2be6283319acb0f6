### Roles lent for a while.

delegation-given = { $giver } lends being { $role } to { $taker }, from { $begins } until { $until }. It counts where people decide, and never on { $giver }'s own requests.
delegation-ended = { $giver } takes being { $role } back from { $taker }.
delegation-line = { $giver } lends being { $role } to { $taker }, from { $begins } until { $until }.
delegation-and =
    { $one }
    { $rest }
delegation-nothing = Nobody has lent a role here.

refused-delegate-usage = Please say which role, to whom and until when, as in: /infra delegate client.owner to @name until friday 18:00, or from monday 09:00 until friday 18:00. To take it back: /infra delegate client.owner back
refused-delegate-role = “{ $got }” is no role that decides. Known: { $known }.
refused-delegate-rota = Being on call is handed over with /infra oncall give, so that one person has it and not two.
refused-delegate-not-yours = You are not { $role } yourself, and what was lent to you cannot be lent on. These could: { $who }.
refused-delegate-self = You have it already.
refused-delegate-gone = { $who } is deactivated.
refused-delegate-other-company = { $who } works for another company: where both companies have to agree, one would speak for both. Please choose a colleague.
refused-delegate-has-it = { $who } is { $role } already.
refused-delegate-long = A role is lent for at most { $days } days, and ends after it begins. Please say another end.
refused-delegate-none = You have lent nobody this role here. Type /infra delegate to see what is lent.
refused-delegate-of-requester = You decide here only by what { $giver } lent you, and this is { $giver }'s own (rule delegate-of-requester, built in). These can: { $who }.

event-delegation-given = A role was lent.
event-delegation-ended = A lent role was taken back.
