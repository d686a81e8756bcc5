package endpoint

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/messengerlink"
	"kabinet/internal/fault"
	"kabinet/internal/store"
)

const (
	linkPrefix = "mlk"
	codePlace  = "messenger_link.code"
	chatPlace  = "messenger_link.key"
	codeLife   = 10 * time.Minute
	mostLinks  = 20 // that are shown
)

// linkDay bounds how many codes a person has given out.
var linkDay = store.Limit{Name: "messenger.link", Free: 20, Forget: 24 * time.Hour, Window: true}

// Changes of who is told what where, as account.News knows them.
const (
	ChangeLinked   = "messenger_linked"
	ChangeUnlinked = "messenger_unlinked"
)

// Linking is a link that waits for its code to be said.
type Linking struct {
	Link *ent.MessengerLink
	Code *string // to be said after /start
	URL  *string // says it
}

// Messengers are those whose chats can be linked.
func (e *Endpoints) Messengers() []Messenger {
	if e.BotName == nil {
		return []Messenger{}
	}
	return []Messenger{Telegram}
}

// Link gives out a code of 130 random bits that links the chat it is said in,
// within ten minutes and once. Only its hash is kept. The one before is worth
// nothing any more.
//
// Faults: UNAUTHENTICATED, FORBIDDEN, MESSENGER_UNAVAILABLE, TOO_MANY_ATTEMPTS.
func (e *Endpoints) Link(ctx context.Context, in LinkMessengerInput) (Linking, error) {
	v, err := me(ctx)
	if err != nil {
		return Linking{}, err
	}
	no := ErrMessengerUnavailable.At("input", "messenger").With("messenger", string(in.Messenger))
	if e.BotName == nil {
		return Linking{}, no
	}
	if err := e.count(ctx, store.Use{Limit: linkDay, Of: v.UserID.String()}); err != nil {
		return Linking{}, err
	}
	name, err := e.BotName(ctx)
	if err != nil {
		return Linking{}, no.Because(err)
	}
	code, id := strings.ToLower(rand.Text()), uuid.Must(uuid.NewV7())
	err = e.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, "users", "id", v.UserID); err != nil {
			return err
		}
		err := tx.MessengerLink.Update().Where(messengerlink.UserID(v.UserID), messengerlink.MessengerEQ(messengerlink.MessengerTELEGRAM), messengerlink.StatusEQ(messengerlink.StatusWAITING)).
			SetStatus(messengerlink.StatusENDED).SetEndReason(messengerlink.EndReasonREPLACED).SetEndedAt(tx.Now).ClearCodeKey().Exec(ctx)
		if err != nil {
			return err
		}
		return tx.MessengerLink.Create().SetID(id).SetUserID(v.UserID).SetMessenger(messengerlink.MessengerTELEGRAM).
			SetCodeKey(e.keys(codePlace, code)[0]).SetExpiresAt(tx.Now.Add(codeLife)).Exec(ctx)
	})
	if err != nil {
		return Linking{}, err
	}
	row, err := e.Store.Client.MessengerLink.Get(ctx, id)
	if err != nil {
		return Linking{}, store.Translate(err)
	}
	url := "https://t.me/" + name + "?start=" + code
	return Linking{Link: row, Code: &code, URL: &url}, nil
}

// Unlink ends one of the caller's links, or a code that waits.
//
// Faults: UNAUTHENTICATED, FORBIDDEN, INVALID_ID, NOT_FOUND, also of one that
// has ended.
func (e *Endpoints) Unlink(ctx context.Context, in UnlinkMessengerInput) (*ent.MessengerLink, error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	id, err := in.MessengerLinkID.As(linkPrefix)
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "messengerLinkId")
	}
	err = e.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := tx.MessengerLink.Query().Where(messengerlink.ID(id), messengerlink.UserID(v.UserID), messengerlink.StatusNEQ(messengerlink.StatusENDED), tx.Locking()).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.ErrNotFound.At("input", "messengerLinkId")
		}
		if err != nil {
			return err
		}
		return e.end(ctx, tx, row, messengerlink.EndReasonBY_PERSON)
	})
	if err != nil {
		return nil, err
	}
	row, err := e.Store.Client.MessengerLink.Get(ctx, id)
	return row, store.Translate(err)
}

// end ends a link. Of one that was in use the person is told, unless he blocked
// the bot or has just linked another chat.
func (e *Endpoints) end(ctx context.Context, tx *store.Tx, row *ent.MessengerLink, why messengerlink.EndReason) error {
	err := row.Update().SetStatus(messengerlink.StatusENDED).SetEndReason(why).SetEndedAt(tx.Now).ClearCodeKey().Exec(asSystem(ctx))
	if err != nil || row.Status != messengerlink.StatusACTIVE || why != messengerlink.EndReasonBY_PERSON {
		return err
	}
	return e.News(ctx, tx, row.UserID, ChangeUnlinked, row.GlobalID())
}

// Links are the chats of a person that are linked and a code that waits, the
// oldest first, for himself.
func (e *Endpoints) Links(ctx context.Context, of uuid.UUID) ([]*ent.MessengerLink, error) {
	if v, err := me(ctx); err != nil || v.UserID != of {
		return []*ent.MessengerLink{}, nil
	}
	q, err := e.Store.Client.MessengerLink.Query().Where(messengerlink.UserID(of), messengerlink.Or(messengerlink.StatusEQ(messengerlink.StatusACTIVE),
		messengerlink.And(messengerlink.StatusEQ(messengerlink.StatusWAITING), messengerlink.ExpiresAtGT(e.Store.Now())))).
		Order(messengerlink.ByID()).Limit(mostLinks).CollectFields(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	all, err := q.All(ctx)
	return all, store.Translate(err)
}
