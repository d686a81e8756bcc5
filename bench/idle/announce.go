package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// crowding is what it cost to tell everybody something.
type crowding struct {
	name   string
	n      int
	events int
	each   spent           // CPU an event and subscriber
	late   []time.Duration // from the request to each subscriber
	last   []time.Duration // from the request to the last of them
	verdict
	faults int
}

// announcements is what clients of Kabinet listen to for it: fields that are
// everybody's.
var announcements = topic{`subscription($after: StreamCursor) { announcementAdded(after: $after) { cursor change announcement { id severity title body startsAt } } }`,
	(*client).heard}

// heard takes an announcement; its title says which event it was.
func (c *client) heard(b []byte) (bool, error) {
	var p struct {
		Data struct {
			AnnouncementAdded *struct {
				Cursor       string
				Announcement *struct{ Title string }
			}
		}
		Errors json.RawMessage
	}
	if err := json.Unmarshal(b, &p); err != nil {
		return false, err
	}
	added := p.Data.AnnouncementAdded
	if p.Errors != nil || added == nil || added.Announcement == nil {
		return false, fmt.Errorf("not an announcement: %s", b)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.after = added.Cursor
	c.seen = append(c.seen, added.Announcement.Title)
	return true, nil
}

// announcer changes one announcement again and again.
type announcer struct {
	k        *kabinet
	id       string
	revision int
	times    int
}

func (a *announcer) next(ctx context.Context) (title string, err error) {
	a.times++
	title = fmt.Sprintf("Announcement %d", a.times)
	in := map[string]any{"texts": []any{map[string]string{"locale": "en", "title": title, "body": strings.Repeat("x", 200)}}}
	if a.id == "" {
		in["audience"] = "EVERYBODY"
	} else {
		in["id"], in["revision"] = a.id, a.revision
	}
	var got struct {
		SaveAnnouncement struct {
			Announcement struct {
				ID       string
				Revision int
			}
		}
	}
	err = a.k.ask(ctx, a.k.staff, `mutation($in: SaveAnnouncementInput!) { saveAnnouncement(input: $in) { announcement { id revision } userErrors { code } } }`, map[string]any{"in": in}, &got)
	a.id, a.revision = got.SaveAnnouncement.Announcement.ID, got.SaveAnnouncement.Announcement.Revision
	return title, err
}

// told is how many events are told to all.
const told = 20

// announce lets n clients listen to what everybody is told, and tells it.
func announce(ctx context.Context, o options, s *server) (*crowding, error) {
	progress("%s: announcements to %d", s.name, o.n)
	if err := s.until(ctx, 0); err != nil {
		return nil, err
	}
	s.speak = s.crowd
	f, err := dial(ctx, s, o.n)
	if err != nil {
		return nil, err
	}
	defer f.close()
	window := 10 * time.Second
	if o.n < enough {
		window = 4 * time.Second
	}
	idle, err := idling(ctx, s, window)
	if err != nil {
		return nil, err
	}
	c := &crowding{name: s.name, n: o.n, events: told}
	return c, c.tell(ctx, f, idle)
}

// tell tells everybody something, again and again.
func (c *crowding) tell(ctx context.Context, f *fleet, idle spent) error {
	first, err := f.toAll(ctx, nil) // warms up
	if err != nil {
		return err
	}
	ids := []string{first}
	from, err := f.server.spent()
	if err != nil {
		return err
	}
	began := time.Now()
	for range c.events {
		id, err := f.toAll(ctx, c)
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	took := time.Since(began).Seconds()
	to, err := f.server.spent()
	c.each = to.minus(from)
	c.each.app -= time.Duration(float64(idle.app) * took)
	c.each.db -= time.Duration(float64(idle.db) * took)
	c.each = c.each.over(float64(c.events * c.n))
	c.judge(f, ids)
	return err
}

// judge compares what each client has with what was told; a bare server's
// messages have no names and were counted as they came.
func (c *crowding) judge(f *fleet, ids []string) {
	for _, one := range f.clients {
		one.mu.Lock()
		if ids[0] != "" {
			c.verdict.add(judge(one.seen, ids))
		}
		if one.fault != nil {
			c.faults++
		}
		one.mu.Unlock()
	}
}

// toAll tells everybody something and waits until all know.
func (f *fleet) toAll(ctx context.Context, c *crowding) (id string, err error) {
	f.forget()
	asked := time.Now()
	if id, err = f.server.announce(ctx); err != nil {
		return "", err
	}
	patience := time.After(30 * time.Second)
	late := make([]time.Duration, 0, len(f.clients))
	for len(late) < len(f.clients) {
		select {
		case a := <-f.arrivals:
			late = append(late, a.at.Sub(asked))
		case <-patience:
			return "", fmt.Errorf("%d of %d heard what everybody was told", len(late), len(f.clients))
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	if c != nil {
		c.late, c.last = append(c.late, late...), append(c.last, slices.Max(late))
	}
	return id, nil
}
