### People in other texts. A rule names members by id; the flow puts people there.

people-members = { $ids }
people-nobody = nobody at the moment
