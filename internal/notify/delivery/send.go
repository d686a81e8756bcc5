package delivery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	ent "kabinet/ent/generated"
	"kabinet/ent/schema"
	"kabinet/internal/job"
	"kabinet/internal/store"
)

// Queues are where messages to people wait for each other, apart from the letters
// that somebody waits for with a code in them. A mail server that hangs holds up
// no texts, and browsers, whose push services anybody may name, hold up nobody
// else.
var Queues = []string{queue, queue + "_mail", queue + "_browser"}

const queue = "delivery"

// deliver is a try of one delivery. The job of a round that is over does nothing.
type deliver struct {
	Delivery uuid.UUID `json:"delivery"`
	Round    int       `json:"round"`
	Channel  string    `json:"channel"`
}

func deliverOf(row *ent.Delivery, round int) deliver {
	return deliver{Delivery: row.ID, Round: round, Channel: string(row.Channel)}
}

// Kind implements river.JobArgs.
func (deliver) Kind() string { return "notification_deliver" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (a deliver) InsertOpts() river.InsertOpts {
	switch a.Channel {
	case email:
		return river.InsertOpts{Queue: Queues[1]}
	case webPush:
		return river.InsertOpts{Queue: Queues[2]}
	}
	return river.InsertOpts{Queue: Queues[0]}
}

// Work registers the jobs of this room.
func (d *Deliveries) Work(workers *river.Workers) { job.Handle(workers, d.deliver) }

// outcome is what became of a try.
type outcome struct {
	attempts []schema.DeliveryAttempt // one for each provider that was asked
	by       string                   // who took it; empty: nobody
	reply    Reply
	gone     bool
	refused  bool
	asked    time.Duration // until the next try, as providers ask
}

// noteTime is for noting what came of a try when the job has been told to stop:
// a message that was taken must not go again because of that.
const noteTime = 5 * time.Second

// deliver tries once. That it begins is noted before a provider is asked; what
// comes of it and the end of the job commit together. Where the process dies in
// between the message goes again, with the same id.
func (d *Deliveries) deliver(ctx context.Context, j *river.Job[deliver]) error {
	ctx = asSystem(ctx)
	var s *sending
	err := d.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if s, err = d.ask(ctx, tx, j.Args); err != nil || s != nil {
			return err
		}
		return job.Complete(ctx, tx, j)
	})
	var already busy
	if errors.As(err, &already) {
		return river.JobSnooze(already.left)
	}
	if err != nil || s == nil {
		return err
	}
	o := d.tell(ctx, s)
	stopped := ctx.Err()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTime)
	defer cancel()
	if stopped != nil && o.by == "" { // whoever starts next tries again
		return errors.Join(stopped, d.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return release(ctx, tx, j.Args) }))
	}
	return d.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := d.settle(ctx, tx, j.Args, s, o); err != nil {
			return err
		}
		return job.Complete(ctx, tx, j)
	})
}

// release notes that nobody is being asked any more.
func release(ctx context.Context, tx *store.Tx, args deliver) error {
	_, err := tx.Exec(ctx, `UPDATE deliveries SET asked_at = NULL WHERE id = ? AND round = ?`, args.Delivery, args.Round)
	return err
}

// tell words a message and tries to hand it over. A fault of our own, such as an
// address that no key of ours opens, is a try that failed as any other.
func (d *Deliveries) tell(ctx context.Context, s *sending) (o outcome) {
	at := d.Store.Now()
	m, err := d.compose(ctx, s)
	if err == nil {
		return d.try(ctx, string(s.row.Channel), m)
	}
	if ctx.Err() == nil {
		d.log().Error("a message could not be worded", "delivery", s.row.GlobalID().String(), "error", err.Error())
		a := schema.DeliveryAttempt{At: at, Provider: ourselves}
		o.read(&a, err)
		o.attempts = append(o.attempts, a)
	}
	return o
}

// ourselves stands for a provider where none was asked.
const ourselves = "kabinet"

// usualTimeout is for a provider that says none.
const usualTimeout = 15 * time.Second

// try asks the providers of a channel in their order, each within its own time,
// until one takes the message or says that nobody ever will.
func (d *Deliveries) try(ctx context.Context, channel string, m Message) (o outcome) {
	for _, p := range d.Providers {
		if p.Channel != channel {
			continue
		}
		at, began := d.Store.Now(), time.Now()
		reply, err := within(ctx, p, m)
		if ctx.Err() != nil && err != nil {
			return o
		}
		a := schema.DeliveryAttempt{At: at, Provider: p.Name, TookMs: int(time.Since(began).Milliseconds())}
		if reply.Status != 0 {
			a.Status = &reply.Status
		}
		if err == nil {
			o.attempts, o.by, o.reply = append(o.attempts, a), p.Name, reply
			return o
		}
		o.read(&a, err)
		o.attempts = append(o.attempts, a)
		if o.gone || o.refused {
			return o
		}
	}
	return o
}

// within asks one provider. One that heeds no context does not hold up the
// others: its answer, if it ever comes, is nobody's.
func within(ctx context.Context, p Provider, m Message) (Reply, error) {
	timeout := p.Timeout
	if timeout <= 0 {
		timeout = usualTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	type answer struct {
		reply Reply
		err   error
	}
	done := make(chan answer, 1)
	go func() {
		defer func() {
			if broken := recover(); broken != nil { // of this message alone
				done <- answer{err: fmt.Errorf("delivery: %s panicked: %v", p.Name, broken)}
			}
		}()
		r, err := p.Send(ctx, m)
		done <- answer{r, err}
	}()
	select {
	case a := <-done:
		return a.reply, a.err
	case <-ctx.Done():
	}
	select { // both at once: it was taken
	case a := <-done:
		return a.reply, a.err
	default:
		return Reply{}, ctx.Err()
	}
}

// The words for why a try failed, where a provider says none.
const (
	failedTimeout = "TIMEOUT"
	failedGone    = "GONE"
	failedRefused = "REFUSED"
	failedOther   = "FAILED"
	failedOpen    = "OPEN"    // the address cannot be read
	failedWords   = "COMPOSE" // the message cannot be worded
)

// read sorts an error of a provider.
func (o *outcome) read(a *schema.DeliveryAttempt, err error) {
	word := failedOther
	var after RetryAfter
	if errors.As(err, &after) {
		o.asked = max(o.asked, after.After)
	}
	switch {
	case errors.Is(err, ErrGone):
		o.gone, word = true, failedGone
	case errors.Is(err, ErrPermanent):
		o.refused, word = true, failedRefused
	case errors.Is(err, context.DeadlineExceeded):
		word = failedTimeout
	}
	var said Failed
	if errors.As(err, &said) {
		if said.Word != "" && !o.gone && !o.refused {
			word = said.Word
		}
		if said.Status != 0 {
			a.Status = &said.Status
		}
	}
	a.Failure = &word
}
