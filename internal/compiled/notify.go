package compiled

import "kabinet/internal/notify"

var notifyObjects = map[string]*object{
	"Notification": {typ: "Notification", fields: map[string]field{
		"subjectId": computed(notificationSubject),
	}},
}

func notificationsListing(_ int, args map[string]any) (listing, error) {
	filter, _ := args["filter"].(*notify.NotificationFilter)
	return listing{where: all(filter.Predicates()), by: "id", desc: true}, nil
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
