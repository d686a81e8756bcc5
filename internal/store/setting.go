package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/setting"
	"kabinet/internal/viewer"
)

// Setting reads the setting in force of the House into value; false when there
// is none. A kind is written by one package only.
func (s *Store) Setting(ctx context.Context, kind, handle string, value any) (bool, error) {
	return readSetting(ctx, s.Client.Setting, kind, handle, value)
}

// ReadSetting is Setting inside the transaction.
func (tx *Tx) ReadSetting(ctx context.Context, kind, handle string, value any) (bool, error) {
	return readSetting(ctx, tx.Setting, kind, handle, value)
}

func readSetting(ctx context.Context, c *ent.SettingClient, kind, handle string, value any) (bool, error) {
	row, err := current(c, kind, handle).Only(viewer.AsSystem(ctx, "setting"))
	if ent.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, translate(err)
	}
	return true, json.Unmarshal(row.Value, value)
}

// SaveSetting puts a value in force and retires the one before.
func (tx *Tx) SaveSetting(ctx context.Context, kind, handle string, value any) error {
	ctx = viewer.AsSystem(ctx, "setting")
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("setting %s/%s: %w", kind, handle, err)
	}
	c := tx.Setting.Create().SetScopeID(viewer.House).SetKind(kind).SetHandle(handle).SetValue(raw)
	old, err := current(tx.Setting, kind, handle).Only(ctx)
	switch {
	case err == nil:
		if _, err := tx.Exec(ctx, `UPDATE settings SET retired_at = ? WHERE id = ? AND retired_at IS NULL`, tx.Now, old.ID); err != nil {
			return err
		}
		c.SetKeyID(old.KeyID).SetVersion(old.Version + 1)
	case !ent.IsNotFound(err):
		return err
	}
	return c.Exec(ctx)
}

// MakeSetting puts a value in force where there is none. One that another
// instance has made since stays: IsUnique.
func (tx *Tx) MakeSetting(ctx context.Context, kind, handle string, value any) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("setting %s/%s: %w", kind, handle, err)
	}
	return tx.Setting.Create().SetScopeID(viewer.House).SetKind(kind).SetHandle(handle).SetValue(raw).Exec(viewer.AsSystem(ctx, "setting"))
}

func current(c *ent.SettingClient, kind, handle string) *ent.SettingQuery {
	return c.Query().Where(setting.ScopeID(viewer.House), setting.Kind(kind), setting.Handle(handle), setting.RetiredAtIsNil())
}

// Epoch names this life of the event log: cursors of another one, from before
// a restore, are CURSOR_EXPIRED. It is made at the first use and kept as a
// setting; of instances that start at once the first one wins.
func (s *Store) Epoch(ctx context.Context) (string, error) {
	if e := s.epoch.Load(); e != nil { // it changes only while no server runs
		return *e, nil
	}
	var epoch string
	for {
		there, err := s.Setting(ctx, "stream", "epoch", &epoch)
		if err != nil {
			return "", err
		}
		if there {
			break
		}
		err = s.InTx(ctx, func(ctx context.Context, tx *Tx) error {
			return tx.MakeSetting(ctx, "stream", "epoch", uuid.NewString()[:8])
		})
		if err != nil && !IsUnique(err) {
			return "", err
		}
	}
	s.epoch.Store(&epoch)
	return epoch, nil
}

// RenewEpoch begins a new life of the log; run it after a restore, before any
// server starts.
func (s *Store) RenewEpoch(ctx context.Context) error {
	defer s.epoch.Store(nil)
	return s.InTx(ctx, func(ctx context.Context, tx *Tx) error {
		return tx.SaveSetting(ctx, "stream", "epoch", uuid.NewString()[:8])
	})
}
