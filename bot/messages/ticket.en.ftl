### A ticket: what no command does, asked for in words.

ticket-noted = Noted as { $id }. An issue is opened for the provider, with your words in it and what you tried here in the last hour; its link follows here.
ticket-opened = { $who } asked for something no command does yet: { $title } (issue { NUMBER($iid, useGrouping: 0) }: { $url })
ticket-postponed = Your ticket is kept: { $system } does not answer. Tandem opens it by itself once it does.
ticket-unknown = { $system } gave no answer when your ticket was opened, so it is not known yet whether it is there. Tandem looks for it and will not open it twice.
ticket-not-opened = Your ticket was not opened: { $reason }
ticket-lost = GitLab gave no answer, and no issue of it shows there. Please type it again.
ticket-client-gone = This client is no longer in the catalog.

refused-ticket-usage = Please say what you need in a sentence, as in: /infra ticket please move the nightly reports to 05:00

event-ticket-asked = { $who } asked in words for what no command does.
event-ticket-announced = The issue was about to be opened.
event-ticket-opened = The issue was opened: { $url }
event-ticket-refused = The issue was not opened: { $reason }
event-ticket-postponed = { $system } did not answer, so the issue waited.
event-ticket-lost = The issue was not found, so it was given up.

help-ticket = /infra ticket TEXT asks the provider in words, when no command fits.
