package broadcast_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/consent"
	"kabinet/ent/generated/consentdocument"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/notify/broadcast"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// Of everybody it is said whether a channel reaches him, and else why not.
func TestSizeSaysWhomChannelsReach(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		p := w.people(t, 9)
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			d, err := tx.ConsentDocument.Create().SetHandle("mail").SetPurpose(consentdocument.PurposeEMAIL_MARKETING).SetTexts(map[string]map[string]string{}).Save(ctx)
			if err != nil {
				return err
			}
			says := func(i int, decisions ...consent.Decision) error {
				for _, one := range decisions {
					if err := tx.Consent.Create().SetUserID(p[i]).SetDocumentID(d.KeyID).SetVersion(1).SetDecision(one).SetLocale("en").Exec(ctx); err != nil {
						return err
					}
				}
				return nil
			}
			mail := func(i int, primary bool, proven, bounced *time.Time) error {
				key := uuid.NewString() + "@example.com"
				return tx.ContactPoint.Create().SetUserID(p[i]).SetKind(contactpoint.KindEMAIL).SetValue(key).SetValueKey(key).SetIsPrimary(primary).SetNillableVerifiedAt(proven).SetNillableBouncedAt(bounced).Exec(ctx)
			}
			given, withdrawn, now := consent.DecisionGIVEN, consent.DecisionWITHDRAWN, &tx.Now
			chose := func(i int, c ...schema.NotifyChoice) error {
				return tx.User.UpdateOneID(p[i]).SetNotify(&schema.NotifyPreferences{Choices: c}).Exec(ctx)
			}
			session, token := uuid.Must(uuid.NewV7()), uuid.New()
			for _, err := range []error{
				mail(0, true, now, nil), says(0, given), // reached
				mail(1, true, now, nil),                 // did not agree
				says(2, given),                          // no address
				mail(3, true, nil, nil), says(3, given), // not proven
				mail(4, true, now, now), says(4, given), // letters come back
				mail(4, false, now, nil),                           // not where they are sent
				mail(5, true, now, nil), says(5, given, withdrawn), // agreed no more
				mail(6, true, now, nil), says(6, given), chose(6, schema.NotifyChoice{Topic: "PROMOTION", Channel: "EMAIL"}),
				mail(7, true, now, nil), says(7, given), chose(7, schema.NotifyChoice{Type: "promotion.news", Channel: "WEB_PUSH", Wanted: true}, schema.NotifyChoice{Channel: "IN_APP"}),
				tx.Session.Create().SetID(session).SetUserID(p[7]).SetOwnerID(p[7]).SetKind("BROWSER").SetTokenHash(token[:]).SetLastUsedAt(tx.Now).SetExpiresAt(tx.Now.Add(time.Hour)).Exec(ctx),
				tx.PushEndpoint.Create().SetUserID(p[7]).SetKind("WEB").SetAddressKey("k").SetSealed([]byte("x")).SetSessionID(session).Exec(ctx),
				chose(8, schema.NotifyChoice{Channel: "WEB_PUSH", Wanted: true}),
			} {
				if err != nil {
					return err
				}
			}
			return nil
		})
		size := ok[*broadcast.SegmentSize](t)(w.Size(w.staff(), broadcast.Chosen{Filter: &broadcast.SegmentFilter{}}, ptr("promotion.news")))
		want := map[broadcast.Channel]string{ // reached, not wanted, no consent, no address
			"IN_APP": "8 1 0 0", "EMAIL": "2 1 3 3", "SMS": "0 9 0 0", "TELEGRAM": "0 9 0 0", "WHATSAPP": "0 9 0 0", "WEB_PUSH": "1 0 7 1", "MOBILE_PUSH": "0 0 9 0",
		}
		for _, c := range size.Channels {
			if got := fmt.Sprint(c.Reached, c.NotWanted, c.NoConsent, c.NoAddress); got != want[c.Channel] {
				t.Errorf("%s: %s, want %s", c.Channel, got, want[c.Channel])
			}
		}
		if size.Total != 9 || len(size.Channels) != len(want) {
			t.Errorf("%d in all, %d channels", size.Total, len(size.Channels))
		}
	})
}

// Whoever asks says one of segment and filter, and has the right to.
func TestSizeIsAskedRightly(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	w := newWorld(t, db)
	id, wrong := as("seg", uuid.Must(uuid.NewV7())), as("usr", w.sam)
	size := func(c broadcast.Chosen, typ *string) error {
		_, err := w.Size(w.staff(), c, typ)
		return err
	}
	wantFault(t, size(broadcast.Chosen{}, nil), fault.ErrInvalidRequest)
	wantFault(t, size(broadcast.Chosen{SegmentID: &id, Filter: &broadcast.SegmentFilter{}}, nil), fault.ErrInvalidRequest)
	wantFault(t, size(broadcast.Chosen{SegmentID: &wrong}, nil), fault.ErrInvalidID, "segmentId")
	wantFault(t, size(broadcast.Chosen{SegmentID: &id}, nil), fault.ErrNotFound)
	wantFault(t, size(broadcast.Chosen{Filter: &broadcast.SegmentFilter{}}, ptr("order.shipped")), fault.ErrInvalidValue, "type")
	huge := broadcast.SegmentFilter{}
	for range 1000 {
		huge.UserIDs = append(huge.UserIDs, as("usr", uuid.New()))
	}
	var level []scalar.ID
	for i := range 10 {
		s, err := w.SaveSegment(w.staff(), broadcast.SaveSegmentInput{Name: ptr(fmt.Sprint("s", i)), Filter: &huge})
		if err != nil {
			t.Fatal(err)
		}
		level = append(level, s.GlobalID())
	}
	var upper []scalar.ID
	for i := range 4 {
		s, err := w.SaveSegment(w.staff(), broadcast.SaveSegmentInput{Name: ptr(fmt.Sprint("u", i)), Filter: &broadcast.SegmentFilter{NotIn: level}})
		if err != nil {
			t.Fatal(err)
		}
		upper = append(upper, s.GlobalID())
	}
	wantFault(t, size(broadcast.Chosen{Filter: &broadcast.SegmentFilter{NotIn: upper}}, nil), fault.ErrTooLong, "filter")
	// Of people who are named a number says all: that is for who may see them.
	marketer := viewer.With(context.Background(), viewer.Viewer{UserID: w.sam, OwnerID: viewer.House, Staff: true, Grants: map[viewer.Permission]viewer.Reach{
		{Resource: "messaging", Operation: "read"}: viewer.ReachAll}})
	for name, f := range map[string]*broadcast.SegmentFilter{"named": {UserIDs: huge.UserIDs[:1]}, "left out": {NotIn: upper[:1]}} {
		if _, err := w.Size(marketer, broadcast.Chosen{Filter: f}, nil); !errors.Is(err, fault.ErrForbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.Size(marketer, broadcast.Chosen{Filter: &broadcast.SegmentFilter{}}, nil); err != nil {
		t.Error(err)
	}
	_, err := w.Customers(storetest.As(w.sam), broadcast.Chosen{Filter: &broadcast.SegmentFilter{}}, broadcast.Page{})
	wantFault(t, err, fault.ErrForbidden)
}
