package endpoint

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"kabinet/internal/store"
)

// Keys are the key pair by which push services know this server (RFC 8292), in
// base64url. Subscriptions are made for the public one: with another pair every
// browser would have to subscribe anew.
type Keys struct {
	Public, Private string
}

// keptKeys is how they stand in settings.
type keptKeys struct {
	Public string `json:"public"`
	Sealed []byte `json:"sealed"` // the private one
}

const (
	settingKind = "push"
	settingName = "vapid"
	keysPlace   = "setting.push.vapid"
)

// EnsureKeys reads the key pair, and makes it at the first start of all; of
// instances that start at once the first one wins.
func (e *Endpoints) EnsureKeys(ctx context.Context, generate func() (Keys, error)) error {
	for {
		there, err := e.loadKeys(ctx)
		if there || err != nil {
			return err
		}
		made, err := generate()
		if err != nil {
			return fmt.Errorf("endpoint: %w", err)
		}
		kept := keptKeys{Public: made.Public, Sealed: e.Sealer.Seal([]byte(made.Private), keysPlace)}
		err = e.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			return tx.MakeSetting(ctx, settingKind, settingName, kept)
		})
		if err != nil && !store.IsUnique(err) {
			return err
		}
	}
}

func (e *Endpoints) loadKeys(ctx context.Context) (bool, error) {
	var kept keptKeys
	there, err := e.Store.Setting(ctx, settingKind, settingName, &kept)
	if err != nil || !there {
		return false, err
	}
	private, err := e.Sealer.Open(kept.Sealed, keysPlace)
	if err != nil {
		return false, fmt.Errorf("the key pair of web push: %w", err)
	}
	e.keyPair.Store(&Keys{Public: kept.Public, Private: string(private)})
	return true, nil
}

// KeyPair is the key pair; nil before EnsureKeys.
func (e *Endpoints) KeyPair() *Keys { return e.keyPair.Load() }

// VAPIDPublicKey is the public key, which anybody may have; nil where there is none.
func (e *Endpoints) VAPIDPublicKey() *string {
	k := e.keyPair.Load()
	if k == nil {
		return nil
	}
	return &k.Public
}

// Reseal seals addresses, chats and the key pair with the first key, and hashes
// anew by what they are known again; it says how many an older one had sealed,
// and how many no key opens.
func (e *Endpoints) Reseal(ctx context.Context) (anew, lost int, err error) {
	for _, table := range []struct {
		name, column string
		place        func(uuid.UUID) string
		key          func(plain []byte) (string, error)
	}{
		{"push_endpoints", "address_key", placeOfPush, e.keyOfPush},
		{"messenger_links", "chat_key", placeOfLink, func(plain []byte) (string, error) { return e.keys(chatPlace, string(plain))[0], nil }},
	} {
		// Hashes first: what is sealed by the first key is hashed by it, too.
		if err := e.hashAnew(ctx, table.name, table.column, table.place, table.key); err != nil {
			return anew, lost, err
		}
		a, l, err := e.Store.Reseal(ctx, e.Sealer, store.Sealed{Table: table.name, Column: "sealed", Where: `status = 'ACTIVE'`, PlaceColumn: "id", Place: table.place})
		anew, lost = anew+a, lost+l
		if err != nil {
			return anew, lost, err
		}
	}
	again, err := e.resealKeys(ctx)
	if errors.Is(err, store.ErrSeal) {
		return anew, lost + 1, nil
	}
	if again {
		anew++
	}
	return anew, lost, err
}

func (e *Endpoints) resealKeys(ctx context.Context) (again bool, err error) {
	err = e.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		again = false
		var kept keptKeys
		there, err := tx.ReadSetting(ctx, settingKind, settingName, &kept)
		if err != nil || !there {
			return err
		}
		sealed, err := e.Sealer.Reseal(kept.Sealed, keysPlace)
		if err != nil || sealed == nil {
			return err
		}
		again, kept.Sealed = true, sealed
		return tx.SaveSetting(ctx, settingKind, settingName, kept)
	})
	return again, err
}

// keyOfPush is by what a push endpoint of an address is known again.
func (e *Endpoints) keyOfPush(plain []byte) (string, error) {
	var a struct {
		Subscription
		Device
	}
	if err := json.Unmarshal(plain, &a); err != nil {
		return "", err
	}
	of := a.Endpoint
	if of == "" {
		of = a.Platform + "\n" + a.Token
	}
	return e.keys(addressPlace, of)[0], nil
}

// hashAnew hashes by the first key what rows in use are known by. Until then an
// older key's hash finds its row, so that no browser comes in twice.
func (e *Endpoints) hashAnew(ctx context.Context, table, column string, place func(uuid.UUID) string, key func([]byte) (string, error)) error {
	rows, err := e.Store.Query(ctx, `SELECT id, sealed, `+column+` FROM `+table+` WHERE status = 'ACTIVE'`)
	if err != nil {
		return err
	}
	defer rows.Close()
	now := map[uuid.UUID]string{}
	for rows.Next() {
		var id uuid.UUID
		var sealed []byte
		var was string
		if err := rows.Scan(&id, &sealed, &was); err != nil {
			return store.Translate(err)
		}
		plain, err := e.Sealer.Open(sealed, place(id))
		if err != nil {
			continue // counted as lost
		}
		hash, err := key(plain)
		if err != nil {
			return err
		}
		if hash != was {
			now[id] = hash
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return store.Translate(err)
	}
	for id, hash := range now {
		err := e.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE `+table+` SET `+column+` = ?, updated_at = ? WHERE id = ? AND status = 'ACTIVE'`, hash, tx.Now, id)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
