### What is said of time: hours, freezes, the rota, moments, quotas.

## The catalog

catalog-unknown-timezone = There is no time zone “{ $got }”. Wanted one of the IANA database, such as Europe/Paris.
catalog-unknown-country = No public holidays are known for “{ $got }”. Wanted a country, such as FR, or a part of one, such as FR-57.
catalog-opening-ends-first = It closes before it opens. Hours over midnight are two: until "24:00", and from "00:00".
catalog-freeze-ends-first = The freeze is over before it begins.
catalog-freeze-overlaps = The freeze lasts longer than the time until it comes back.
catalog-shift-source = A shift has members, or a feed, or a group: wanted exactly one; only members take turns.
catalog-more-than-there-are = Got { $got } on call at once, of { $limit }.
catalog-event-twice = The event “{ $got }” is given twice. Each title is one person's.
catalog-quiet-always = It would be quiet all day and all night: from and until are the same time.
catalog-escalation-order = The managers would be told before the next person: wanted next_after shorter than manager_after.
