package endpoint

import (
	"context"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/messengerlink"
	"kabinet/ent/generated/user"
	"kabinet/internal/locale"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Said is what somebody says to the bot in a chat of his own.
type Said struct {
	Chat     string // its number
	Text     string
	Name     string // what the messenger calls him; his own words
	Language string // as his program says it, BCP 47; may be empty
	Blocked  bool   // in place of a text: he has blocked the bot
}

// chatHour bounds what one chat is answered in an hour, and so how often a
// code can be tried there.
var chatHour = store.Limit{Name: "messenger.chat", Free: 20, Forget: time.Hour, Window: true}

// stopWord ends a link, however often the chat has talked: it is done, and past
// the bound nothing is answered.
const stopWord = "/stop"

const longestName = 64 // characters of a messenger's name for a person

// What the bot answers; texts of internal/locale.
const (
	answerLinked   = "messenger.linked"
	answerAgain    = "messenger.linked_already"
	answerTaken    = "messenger.taken"
	answerBadCode  = "messenger.bad_code"
	answerUnlinked = "messenger.unlinked"
	answerNotHere  = "messenger.not_linked"
	answerHelp     = "messenger.help"
)

// OnSaid does what somebody says to the bot, /start with a code and /stop, and
// gives the answer, in the language of the person whose chat it is, else of his
// program; empty for none. Saying it again changes nothing more.
func (e *Endpoints) OnSaid(ctx context.Context, s Said) (answer string, err error) {
	ctx = viewer.AsSystem(ctx, "endpoint")
	if s.Blocked {
		return "", e.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			row, err := e.linked(ctx, tx, s.Chat)
			if row == nil || err != nil {
				return err
			}
			return e.end(ctx, tx, row, messengerlink.EndReasonBLOCKED_BOT)
		})
	}
	command, rest, _ := strings.Cut(strings.TrimSpace(s.Text), " ")
	command, _, _ = strings.Cut(command, "@") // in some programs the bot's name stands behind
	var wait time.Duration
	err = e.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		wait, err = tx.Reserve(ctx, store.Use{Limit: chatHour, Of: s.Chat})
		return err
	})
	if err != nil || wait > 0 && command != stopWord {
		return "", err
	}
	do := e.help
	switch code := strings.ToLower(strings.TrimSpace(rest)); {
	case command == "/start" && code != "":
		do = func(ctx context.Context, tx *store.Tx, s Said) (string, uuid.UUID, error) {
			return e.start(ctx, tx, s, code)
		}
	case command == stopWord:
		do = e.stop
	}
	var text string
	var who uuid.UUID
	tell := func(ctx context.Context, tx *store.Tx) (err error) {
		text, who, err = do(ctx, tx, s)
		return err
	}
	if err = e.Store.InTx(ctx, tell); store.IsUnique(err) { // a twin linked the chat first
		err = e.Store.InTx(ctx, tell)
	}
	if err != nil || wait > 0 {
		return "", err
	}
	return e.inLanguageOf(ctx, who, s.Language, text)
}

// start links the chat by a code: to the person who had the code given out, in
// place of the chat he had before. A chat of somebody else's stays his: who
// could have others press a link would otherwise take them from their messages
// and show them his.
func (e *Endpoints) start(ctx context.Context, tx *store.Tx, s Said, code string) (string, uuid.UUID, error) {
	row, err := tx.MessengerLink.Query().Where(messengerlink.CodeKeyIn(e.keys(codePlace, code)...), messengerlink.StatusEQ(messengerlink.StatusWAITING),
		messengerlink.ExpiresAtGT(tx.Now)).Only(ctx)
	if ent.IsNotFound(err) {
		return answerBadCode, uuid.Nil, nil
	}
	if err != nil {
		return "", uuid.Nil, err
	}
	if err := tx.Lock(ctx, "users", "id", row.UserID); err != nil {
		return "", uuid.Nil, err
	}
	if row, err = tx.MessengerLink.Query().Where(messengerlink.ID(row.ID), tx.Locking()).Only(ctx); err != nil {
		return "", uuid.Nil, err
	}
	active, err := tx.User.Query().Where(user.ID(row.UserID), user.StatusEQ(user.StatusACTIVE)).Exist(ctx)
	if err != nil {
		return "", uuid.Nil, err
	}
	if row.Status != messengerlink.StatusWAITING || !active {
		return answerBadCode, uuid.Nil, nil
	}
	there, err := e.linked(ctx, tx, s.Chat)
	if err != nil {
		return "", uuid.Nil, err
	}
	if there != nil && there.UserID != row.UserID {
		return answerTaken, uuid.Nil, nil
	}
	if there != nil { // the code is used up, and nothing is new
		return answerAgain, row.UserID, e.end(ctx, tx, row, messengerlink.EndReasonREPLACED)
	}
	return answerLinked, row.UserID, e.link(ctx, tx, row, s)
}

// link makes a waiting link one that is sent to.
func (e *Endpoints) link(ctx context.Context, tx *store.Tx, row *ent.MessengerLink, s Said) error {
	before, err := tx.MessengerLink.Query().Where(messengerlink.UserID(row.UserID), messengerlink.MessengerEQ(row.Messenger), messengerlink.StatusEQ(messengerlink.StatusACTIVE), tx.Locking()).Only(ctx)
	switch {
	case err == nil:
		err = e.end(ctx, tx, before, messengerlink.EndReasonREPLACED)
	case ent.IsNotFound(err):
		err = nil
	}
	if err != nil {
		return err
	}
	sealed, err := e.seal(s.Chat, placeOfLink(row.ID))
	if err != nil {
		return err
	}
	u := row.Update().SetStatus(messengerlink.StatusACTIVE).ClearCodeKey().ClearExpiresAt().SetChatKey(e.keys(chatPlace, s.Chat)[0]).SetSealed(sealed).SetLinkedAt(tx.Now)
	if name := shortName(s.Name); name != "" {
		u.SetLabel(name)
	}
	if err := u.Exec(ctx); err != nil {
		return err
	}
	return e.News(ctx, tx, row.UserID, ChangeLinked, row.GlobalID())
}

// stop ends the link of the chat.
func (e *Endpoints) stop(ctx context.Context, tx *store.Tx, s Said) (string, uuid.UUID, error) {
	row, err := e.linked(ctx, tx, s.Chat)
	if row == nil || err != nil {
		return answerNotHere, uuid.Nil, err
	}
	return answerUnlinked, row.UserID, e.end(ctx, tx, row, messengerlink.EndReasonBY_PERSON)
}

// help says what the bot understands.
func (e *Endpoints) help(ctx context.Context, tx *store.Tx, s Said) (string, uuid.UUID, error) {
	row, err := e.linked(ctx, tx, s.Chat)
	if row == nil || err != nil {
		return answerNotHere, uuid.Nil, err
	}
	return answerHelp, row.UserID, nil
}

// linked is the link of a chat, locked; nil for none.
func (e *Endpoints) linked(ctx context.Context, tx *store.Tx, chat string) (*ent.MessengerLink, error) {
	row, err := tx.MessengerLink.Query().Where(messengerlink.MessengerEQ(messengerlink.MessengerTELEGRAM), messengerlink.ChatKeyIn(e.keys(chatPlace, chat)...),
		messengerlink.StatusEQ(messengerlink.StatusACTIVE), tx.Locking()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return row, err
}

// inLanguageOf is a text of ours in a person's language; where nobody is known,
// in that of his program.
func (e *Endpoints) inLanguageOf(ctx context.Context, who uuid.UUID, language, text string) (string, error) {
	lang := locale.Match(language, e.Locale)
	if who != uuid.Nil {
		u, err := e.Store.Client.User.Query().Where(user.ID(who)).Select(user.FieldLocale).Only(ctx)
		if err != nil {
			return "", store.Translate(err)
		}
		lang = u.Locale
	}
	return locale.Text(lang, text, nil), nil
}

// shortName is what a messenger calls a person, without what no name holds.
func shortName(name string) string {
	name = strings.Join(strings.FieldsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || !unicode.IsPrint(r) }), " ")
	if runes := []rune(name); len(runes) > longestName {
		name = string(runes[:longestName])
	}
	return name
}
