package notify

import (
	"context"

	entnotification "kabinet/ent/generated/notification"
	"kabinet/ent/generated/transfer"
	"kabinet/internal/event"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// OnWalletChanged tells the owner of a wallet of money that came or was sent;
// not of what he moved between his own, and not of orders paid and fees, of
// which he hears otherwise. A company's wallet is nobody's.
func (i *Inbox) OnWalletChanged(ctx context.Context, tx *store.Tx, e event.Stored, f event.WalletChanged) error {
	n := note{topic: entnotification.TopicSERVICE, severity: entnotification.SeverityINFO, params: map[string]any{
		"amount": money{max(f.Amount, -f.Amount), f.Currency}, "balance": money{f.Balance, f.Currency},
	}}
	switch f.Cause {
	case "TOPUP":
		n.typ, n.severity = "wallet.topped_up", entnotification.SeveritySUCCESS
	case "GIFT_CARD":
		n.typ, n.severity = "wallet.gift_card", entnotification.SeveritySUCCESS
	case "REFUND":
		n.typ = "wallet.refunded"
	case "ADJUSTMENT":
		n.typ = "wallet.adjusted"
		n.params["amount"] = money{f.Amount, f.Currency}
	case "TRANSFER":
		if f.TransferID == nil {
			return nil
		}
		own, err := tx.Transfer.Query().Where(transfer.ID(*f.TransferID), transfer.Own(true)).Exist(viewer.AsSystem(ctx, "notify.hear"))
		if err != nil || own {
			return err
		}
		n.typ, n.severity = "wallet.received", entnotification.SeveritySUCCESS
		if f.Amount < 0 {
			n.typ, n.severity = "wallet.sent", entnotification.SeverityINFO
		}
	default:
		return nil
	}
	return i.give(ctx, tx, e, f.OwnerID, n)
}
