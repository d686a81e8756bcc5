package compiled

import "kabinet/internal/notify"

var notifyObjects = map[string]*object{
	"Notification": {typ: "Notification", fields: map[string]field{
		"subjectId": computed(notificationSubject),
		"actions":   never{}, // in the caller's language
	}},
}

func notificationsListing(_ int, args map[string]any) (listing, error) {
	filter, _ := args["filter"].(*notify.NotificationFilter)
	where, err := filter.Predicates("filter")
	return listing{where: all(where), by: "id", desc: true}, err
}

func notificationSubject(c *call, v []value) error {
	if v[0].null() {
		return c.null()
	}
	prefix, err := v[0].str()
	if err != nil {
		return err
	}
	return c.writeOptionalID(prefix, v[1])
}
