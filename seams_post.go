package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"kabinet/internal/account"
	"kabinet/internal/adapter/hook"
	"kabinet/internal/adapter/letter"
	"kabinet/internal/adapter/mail"
	"kabinet/internal/adapter/payment"
	"kabinet/internal/adapter/smtpd"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/support/post"
	"kabinet/internal/viewer"
)

// Support by mail: letters in by SMTP or by a signed webhook, answers out.

// wirePost builds it; without KABINET_SUPPORT_ADDRESS nothing comes in or goes out.
func (k *kabinet) wirePost(sealer *store.Sealer) {
	k.post = &post.Post{
		Store: k.store, Sealer: sealer, Tickets: k.tickets, Address: k.cfg.MailIn.Address, Locale: k.cfg.Locale, Log: k.log,
		Keep: k.keepLetterFile, Member: k.ticketMember, Give: k.documents.GiveTo, Open: k.documents.Content,
		FileURL: func(attachment, reader uuid.UUID) string {
			return k.documents.MailedURL(scalar.ID{Prefix: "att", UUID: attachment}, reader, k.store.Now().Add(post.FileLife))
		},
		Permanent: func(err error) bool { return errors.Is(err, mail.ErrPermanent) || errors.Is(err, hook.ErrRefused) },
	}
	k.documents.Mailed = func(ctx context.Context, of scalar.ID, reader uuid.UUID) (uuid.UUID, error) {
		if of.Prefix != "att" {
			return uuid.Nil, fault.ErrNotFound
		}
		return k.post.Mailed(ctx, of.UUID, reader)
	}
	if from := k.cfg.Mail.From; from != "" {
		k.post.Own = []string{strings.Trim(from[strings.LastIndexByte(from, '<')+1:], "> ")}
	}
}

func (k *kabinet) keepLetterFile(ctx context.Context, r io.Reader) (post.Kept, error) {
	b, err := k.documents.KeepUpload(ctx, r)
	if err != nil {
		return post.Kept{}, err
	}
	return post.Kept{Put: func(ctx context.Context, tx *store.Tx, owner uuid.UUID, user *uuid.UUID, title string) (uuid.UUID, error) {
		d, err := k.documents.PutUpload(ctx, tx, owner, user, title, b)
		if err != nil {
			return uuid.Nil, err
		}
		return d.ID, nil
	}}, nil
}

// ticketMember is how far a person may go with tickets of a company.
func (k *kabinet) ticketMember(ctx context.Context, user, company uuid.UUID) (viewer.Viewer, error) {
	read, err := k.people.ReachNow(ctx, user, company, "ticket", "read")
	if err != nil || read == viewer.ReachNone {
		return viewer.Viewer{}, err
	}
	write, err := k.people.ReachNow(ctx, user, company, "ticket", "write")
	return viewer.Viewer{UserID: user, OwnerID: company, Grants: map[viewer.Permission]viewer.Reach{
		{Resource: "ticket", Operation: "read"}: read, {Resource: "ticket", Operation: "write"}: write,
	}}, err
}

// mostAttached is how many bytes of files one letter carries: in base64 it stays
// below what servers take.
const mostAttached = 10 << 20

// postSends says how letters of tickets leave: by SMTP with all their headers,
// or the way of all letters, which knows fewer.
func (k *kabinet) postSends(p parts) {
	switch {
	case p.mail != nil:
		from := k.cfg.Mail.From[strings.LastIndexByte(k.cfg.Mail.From, '@')+1:]
		k.post.MostAttached = mostAttached
		k.post.Send = func(ctx context.Context, o post.Outgoing) error {
			m := mail.Message{
				To: o.To, Subject: o.Subject, Text: o.Text, HTML: o.HTML, ID: o.ID,
				ReplyTo: o.ReplyTo, ReturnTo: o.ReturnTo, InReplyTo: o.InReplyTo, References: o.References, Loop: o.Loop, ByPerson: !o.Automatic,
			}
			for _, f := range o.Files {
				m.Files = append(m.Files, mail.File(f))
			}
			// A return path of another domain than the sender's would look forged.
			if _, ours, _ := strings.Cut(o.ReturnTo, "@"); !strings.EqualFold(ours, strings.Trim(from, "> ")) {
				m.ReturnTo = ""
			}
			return p.mail(ctx, m)
		}
	case p.send != nil:
		k.post.Send = func(ctx context.Context, o post.Outgoing) error {
			return p.send(ctx, o.To, o.Subject, o.Text, o.HTML, o.ID)
		}
	}
}

// takeLetter takes a raw letter for some of our addresses.
// relay: it came from the one whose Authentication-Results are believed.
func (k *kabinet) takeLetter(ctx context.Context, raw []byte, to []string, nullPath, relay bool) error {
	l, err := letter.Read(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	if to == nil { // nobody says whom it was for but its own header
		for _, a := range l.To {
			if k.post.Ours(a) {
				to = append(to, a)
			}
		}
	}
	in := post.Incoming{
		Key: l.Key, To: to, From: l.From.Address, Name: l.From.Name, Subject: l.Subject, MessageID: l.MessageID, Text: l.Text, Whole: l.Whole,
		Left: l.Left, Why: l.Automatic, Silent: l.Silent, NullPath: nullPath, Loops: l.Loops, Size: l.Size,
	}
	for _, f := range l.Files {
		in.Files = append(in.Files, post.File{Name: f.Name, Bytes: f.Bytes})
	}
	if l.Report != nil {
		in.Report = &post.Report{}
		for _, r := range l.Report.Recipients {
			in.Report.Recipients = append(in.Report.Recipients, post.Failure{Address: r.Address, Final: r.Final(), Gone: r.Gone()})
		}
	}
	switch verdict := l.Verdict(k.cfg.MailIn.Trusted); {
	case !relay && k.cfg.MailIn.Trusted != "": // it went round the one who checks
		in.Verdict = post.Failed
	case verdict == letter.Passed:
		in.Verdict = post.Passed
	case verdict == letter.Failed:
		in.Verdict = post.Failed
	}
	return k.post.Take(viewer.With(ctx, viewer.Viewer{Locale: k.cfg.Locale}), in)
}

// unreadable says that a letter will never be read, however often it comes.
func unreadable(err error) bool {
	return errors.Is(err, letter.ErrTooLarge) || errors.Is(err, letter.ErrMalformed) || errors.Is(err, letter.ErrTooMany) || errors.Is(err, post.ErrNoSender)
}

// postOffice is the SMTP server for letters to support; nil for none.
func (k *kabinet) postOffice() (*smtpd.Server, error) {
	in := k.cfg.MailIn
	if in.Listen == "" {
		return nil, nil
	}
	_, domain, _ := strings.Cut(in.Address, "@")
	o := smtpd.Options{Domain: domain, Ours: k.post.Ours, MaxBytes: letter.MaxBytes, Log: k.log, Take: func(ctx context.Context, e smtpd.Envelope) error {
		relay := slices.ContainsFunc(in.Relays, func(p netip.Prefix) bool { return p.Contains(e.Peer) })
		err := k.takeLetter(ctx, e.Raw, e.To, e.From == "", relay)
		switch {
		case unreadable(err):
			return fmt.Errorf("%w: %w", smtpd.ErrRefused, err)
		case fault.KindOf(err) == fault.TooMany:
			return smtpd.ErrTooMany
		case fault.KindOf(err) == fault.Unavailable:
			return smtpd.ErrLater
		}
		return err
	}}
	if in.CertFile != "" {
		cert, err := tls.LoadX509KeyPair(in.CertFile, in.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("KABINET_SMTP_CERT and KABINET_SMTP_KEY: %w", err)
		}
		o.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	}
	return smtpd.New(o), nil
}

// openPostOffice listens for letters; the func it gives ends that.
func (k *kabinet) openPostOffice() (func(context.Context), error) {
	server, err := k.postOffice()
	if server == nil {
		return func(context.Context) {}, err
	}
	ln, err := net.Listen("tcp", k.cfg.MailIn.Listen)
	if err != nil {
		return nil, fmt.Errorf("KABINET_SMTP_LISTEN=%s: %w", k.cfg.MailIn.Listen, err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(ln); err != nil {
			k.log.Error("letters are no longer taken by SMTP", "error", err.Error())
		}
	}()
	k.log.Info("letters are taken by SMTP", "listen", ln.Addr().String())
	return func(ctx context.Context) {
		if err := server.Shutdown(ctx); err != nil {
			k.log.Warn("letters were cut off, and come again", "error", err.Error())
		}
		<-done
	}, nil
}

// mailHook is the other way in for letters: raw messages by a signed request.
const mailHook = "POST /hooks/mail"

// withMailHook adds its route where there is a secret.
func (k *kabinet) withMailHook(routes map[string]http.Handler) map[string]http.Handler {
	if len(k.cfg.MailIn.Secrets) == 0 {
		return routes
	}
	if routes == nil {
		routes = map[string]http.Handler{}
	}
	routes[mailHook] = http.HandlerFunc(k.hearMail)
	return routes
}

// hearMail takes one raw letter: 2xx says that it is kept and need not be sent
// again, and so does 422, that it can never be read.
func (k *kabinet) hearMail(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("webhook-signature") == "" { // before it costs anything
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, letter.MaxBytes))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if _, err := payment.Verify(r.Header, k.cfg.MailIn.Secrets, k.store.Now(), raw); err != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	err = k.takeLetter(r.Context(), raw, nil, false, true)
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case unreadable(err):
		w.WriteHeader(http.StatusUnprocessableEntity)
	case fault.KindOf(err) == fault.TooMany:
		if f, ok := fault.As(err); ok {
			w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter.Seconds())+1))
		}
		w.WriteHeader(http.StatusTooManyRequests)
	case fault.KindOf(err) == fault.Unavailable:
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		k.log.Error("a letter could not be taken", "webhookId", r.Header.Get("webhook-id"), "error", err.Error())
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// asAccountSends is how other letters leave, by the same adapter.
func asAccountSends(out mail.Sender) account.Send {
	if out == nil {
		return nil
	}
	return func(ctx context.Context, to, subject, text, html, id string) error {
		return out(ctx, mail.Message{To: to, Subject: subject, Text: text, HTML: html, ID: id})
	}
}
