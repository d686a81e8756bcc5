package main

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/account"
	"kabinet/internal/adapter/blob"
	"kabinet/internal/adapter/payment"
	"kabinet/internal/credential"
	"kabinet/internal/document"
	"kabinet/internal/fault"
	"kabinet/internal/profile"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/web"
)

// wireFiles builds documents over the place of their bytes, and saved payment
// methods.
func (k *kabinet) wireFiles(sealer *store.Sealer) error {
	k.documents = &document.Documents{
		Store: k.store, Sealer: sealer, Blobs: &bucket{address: k.cfg.FilesURL()}, Public: k.cfg.PublicURL, Quota: k.cfg.Files.Quota, Log: k.log, Ended: k.people.Ended,
		May: func(ctx context.Context, d *ent.Document) error { return k.papers.MayOpen(ctx, d) },
	}
	returns, err := credential.NewReturns(k.cfg.PublicURL.String(), k.cfg.Origins)
	if err != nil {
		return err
	}
	k.cards = &profile.PaymentMethods{
		Store: k.store, Sealer: sealer, Zone: k.cfg.TimeZone,
		MayReturn: func(address string) error {
			_, err := returns.Allowed(address)
			return err
		},
		News: func(ctx context.Context, tx *store.Tx, user uuid.UUID, change string, subject scalar.ID, details map[string]any) error {
			return k.people.News(ctx, tx, user, account.Change(change), subject, details)
		},
	}
	return nil
}

// fileDoors are documents as the edge knows them.
func (k *kabinet) fileDoors() *web.Files {
	given := func(g *document.Given, err error) (*web.File, error) {
		if err != nil {
			return nil, err
		}
		return &web.File{Name: g.Name, Type: g.Mime, Tag: g.Tag, Modified: g.Modified, Content: g.Content}, nil
	}
	return &web.Files{
		Upload: func(ctx context.Context, token string, body io.Reader, length int64) (any, error) {
			return k.documents.Receive(ctx, token, body, length)
		},
		Download: func(ctx context.Context, id, signature string) (*web.File, error) {
			return given(k.documents.Download(ctx, id, signature))
		},
		Picture: func(ctx context.Context, key string) (*web.File, error) { return given(k.documents.Picture(ctx, key)) },
	}
}

// bucket is a place of bytes that is opened when it is first asked for, so that
// commands which keep no file make no directory. One that could not be opened,
// say on a full disk, is tried again.
type bucket struct {
	address string
	mu      sync.Mutex
	opened  *blob.Bucket
}

func (b *bucket) open() (*blob.Bucket, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.opened != nil {
		return b.opened, nil
	}
	opened, err := blob.Open(b.address)
	if err != nil {
		return nil, fault.ErrUnavailable.Because(err)
	}
	b.opened = opened
	return opened, nil
}

// Write implements document.Blobs.
func (b *bucket) Write(ctx context.Context, key, mime string, r io.Reader) error {
	in, err := b.open()
	if err != nil {
		return err
	}
	return in.Write(ctx, key, mime, r)
}

// Open implements document.Blobs.
func (b *bucket) Open(ctx context.Context, key string) (io.ReadSeekCloser, error) {
	in, err := b.open()
	if err != nil {
		return nil, err
	}
	return in.Open(ctx, key)
}

// Delete implements document.Blobs.
func (b *bucket) Delete(ctx context.Context, key string) error {
	in, err := b.open()
	if err != nil {
		return err
	}
	return in.Delete(ctx, key)
}

// Older implements document.Blobs.
func (b *bucket) Older(ctx context.Context, prefix string, before time.Time, each func(key string) error) error {
	in, err := b.open()
	if err != nil {
		return err
	}
	return in.Older(ctx, prefix, before, each)
}

// saver is the payment provider as saved payment methods know it.
func saver(p *payment.Provider, name string) *profile.Saver {
	return &profile.Saver{
		Name: name,
		Setup: func(ctx context.Context, in profile.Setup) (profile.SetupPage, error) {
			c, err := p.Setup(ctx, payment.SetupRequest{Reference: in.Reference, Locale: in.Locale, ReturnURL: in.ReturnURL, ExpiresAt: in.ExpiresAt})
			return profile.SetupPage{Ref: c.ID, URL: c.URL}, err
		},
		Describe: func(ctx context.Context, ref, reference string) (profile.Saved, error) {
			s, err := p.Describe(ctx, ref, reference)
			if err != nil || s.State == payment.SetupPending {
				return profile.Saved{}, err
			}
			return savedOf(name, "payment_method."+s.State, time.Time{}, s.Data), nil
		},
		Delete: p.DeleteMethod,
	}
}

func savedOf(provider, typ string, at time.Time, d payment.Data) profile.Saved {
	return profile.Saved{
		Provider: provider, Type: typ, SentAt: at, Ref: d.ID, Reference: d.Reference,
		Token: d.Token, Brand: d.Brand, Last4: d.Last4, ExpMonth: d.ExpMonth, ExpYear: d.ExpYear, Reason: d.Reason,
	}
}
