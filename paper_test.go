package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kabinet/internal/store/storetest"
)

// sellerSaid is a business that said who it is.
var sellerSaid = map[string]string{
	"KABINET_SELLER_NAME": "ООО «Ромашка»", "KABINET_SELLER_ADDRESS": "125047, Москва, ул. Лесная, д. 1", "KABINET_SELLER_TAX_ID": "7707083893",
	"KABINET_SELLER_REGISTRATION_ID": "ОГРН 1027700132195", "KABINET_SELLER_BANK": "АО «Пример Банк», БИК 044525225", "KABINET_SELLER_ACCOUNT": "40702810900000000001",
	"KABINET_SELLER_CONTACT": "+7 495 000-00-00, shop@example.com", "KABINET_SELLER_SIGNATORY": "И. И. Петров, директор",
}

// readPaper gives the text of a PDF; spaces of all kinds are one.
func readPaper(t testing.TB, file string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "pdftotext", "-layout", "-enc", "UTF-8", "-", "-")
	cmd.Stdin = strings.NewReader(file)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil || problems.Len() > 0 {
		t.Fatalf("pdftotext (Debian: apt-get install poppler-utils): %v %s", err, problems.String())
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

// paper issues one and fetches it over the link.
func (w *world) paper(t testing.TB, who, input string) (link, text string) {
	t.Helper()
	ask := fmt.Sprintf(`mutation { generateDocument(input: {%s}) { document { title downloadUrl } userErrors { code path params } } }`, input)
	said := w.say(t, who, ask, "generateDocument.document.downloadUrl")
	if link = w.vars["generateDocument.document.downloadUrl"]; link == "" {
		t.Fatalf("%s: %s", input, said)
	}
	resp, body := w.bytes(t, who, http.MethodGet, link, "")
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(body, "%PDF-") {
		t.Fatalf("%d %v", resp.StatusCode, resp.Header)
	}
	if dir := os.Getenv("KABINET_TEST_PAPERS"); dir != "" { // to be looked at
		_, kind, _ := strings.Cut(input, "kind: ")
		kind, _, _ = strings.Cut(kind, ",")
		check(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("paper-%s-%d.pdf", kind, len(body))), []byte(body), 0o600))
	}
	return link, readPaper(t, body)
}

// papersWorld is one with orders that have much on their papers.
func papersWorld(t testing.TB, db *storetest.DB) *world {
	t.Helper()
	w := newWorldOf(t, db, sellerSaid, nil)
	lines := []string{
		`{sku: "ЛМП-01", title: "Лампа настольная «Ёлка», стекло, с очень длинным названием, которое не помещается в одну строку и переносится на следующие строки таблицы", quantity: 3, unitPrice: "1200.50", discount: "100.00", tax: "583.58"}`,
		`{sku: "CUP-2-EXTRA-LONG-ARTICLE-NUMBER", title: "Cup № 5", quantity: 1200, unitPrice: "1.00", tax: "200.00"}`,
	}
	for i := range 40 {
		lines = append(lines, fmt.Sprintf(`{sku: "T-%02d", title: "Чай, сорт %d", quantity: %d, unitPrice: "10.00", tax: "1.67"}`, i, i, 1))
	}
	w.say(t, "staff", fmt.Sprintf(`mutation { upsertOrders(input: {orders: [{external: {source: "erp", id: "1"}, sourceUpdatedAt: "2026-11-20T10:00:00Z", customer: {id: "%s"}, number: "З-000017",
		placedAt: "2026-11-19T10:00:00Z", paymentStatus: PAID, fulfillmentStatus: DELIVERED, currency: "RUB", shipping: "300.00", lines: [%s]}]}) { results { order { id } } userErrors { code path } } }`,
		w.vars["alice"], strings.Join(lines, ", ")), "upsertOrders.results.0.order.id")
	return w
}

// What stands on the papers of an order is what the API says of it.
func TestPapersOfAnOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := papersWorld(t, db)
		about := w.vars["upsertOrders.results.0.order.id"]
		// 3 x 1200.50 - 100 + 1200 x 1 + 40 x 10 = 5101.50, and 300 of delivery
		for kind, want := range map[string][]string{
			"INVOICE": {"Счёт на оплату № INV-2026-000001 от 21 ноября 2026 г.", "Всего к оплате 5 401,50 ₽", "Банк", "БИК 044525225", "Счёт 40702810900000000001",
				"Пять тысяч четыреста один рубль пятьдесят копеек", "Доставка 300,00 ₽", "В том числе налог (НДС)", "И. И. Петров"},
			"RECEIPT": {"Товарный чек № RCP-2026-000001", "Итого получено 5 401,50 ₽", "54-ФЗ"},
			"ACT":     {"Акт приёмки-передачи № ACT-2026-000001", "претензий", "402-ФЗ"},
			"WAYBILL": {"Товарная накладная № WBL-2026-000001", "Отпустил", "Получил"},
		} {
			_, text := w.paper(t, "alice", fmt.Sprintf(`kind: %s, subjectId: "%s", locale: "ru"`, kind, about))
			for _, s := range append(want, "ООО «Ромашка»", "ИНН 7707083893", "ОГРН 1027700132195", "Alice", "№ З-000017 от 19 ноября 2026 г.",
				"5 101,50 ₽", "3 501,50 ₽", "1 200,50 ₽", "100,00 ₽", "583,58 ₽", "переносится на следующие", "Чай, сорт 39", "Страница 1 из 2", "Страница 2 из 2") {
				if s == "Банк" {
					s = "«Пример Банк»"
				}
				if !strings.Contains(text, s) {
					t.Errorf("%s: %q is not in\n%s", kind, s, text)
				}
			}
			if n := strings.Count(text, "Артикул"); n != 2 {
				t.Errorf("%s: %d heads of the table on 2 pages", kind, n)
			}
		}
		_, text := w.paper(t, "alice", fmt.Sprintf(`kind: INVOICE, subjectId: "%s"`, w.vars["aliceOrder"]))
		for _, s := range []string{"Invoice No. INV-2026-000002 of 21 November 2026", "Assam tea", "Total to pay £7.00", "Seven pounds and zero pence", "Tax (VAT) is not shown separately.", "Page 1 of 1"} {
			if !strings.Contains(text, s) {
				t.Errorf("%q is not in\n%s", s, text)
			}
		}
	})
}

func TestPapersOfAccounts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := papersWorld(t, db)
		w.say(t, "alice", `{ me { bonusAccount { id } } }`, "me.bonusAccount.id")
		account := w.vars["me.bonusAccount.id"]
		_, text := w.paper(t, "alice", fmt.Sprintf(`kind: STATEMENT, subjectId: "%s", period: {from: "2026-11-01", to: "2026-11-21"}, locale: "ru"`, account))
		for _, s := range []string{"Выписка № STM-2026-000001", "с 1 ноября 2026 г. по 21 ноября 2026 г.", "Остаток на начало 0", "Остаток на конец 500", "493", "Alice"} {
			if !strings.Contains(text, s) {
				t.Errorf("%q is not in\n%s", s, text)
			}
		}
		_, text = w.paper(t, "alice", fmt.Sprintf(`kind: CERTIFICATE, subjectId: "%s", locale: "ru"`, account))
		if want := "числилось баллов: 500"; !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
		_, text = w.paper(t, "alice", fmt.Sprintf(`kind: STATEMENT, subjectId: "%s", period: {from: "2026-11-01", to: "2026-11-21"}`, w.vars["alice"]))
		for _, s := range []string{"З-000017", "RUB 5,401.50", "Total, GBP £7.00", "Total, RUB"} {
			if !strings.Contains(strings.ReplaceAll(text, "RUB5", "RUB 5"), s) {
				t.Errorf("%q is not in\n%s", s, text)
			}
		}
		w.say(t, "staff", `mutation { saveConsentDocument(input: {handle: "terms", purpose: TERMS, texts: [{locale: "ru", name: "Условия продажи", description: "О покупках.", terms: "1. Мы продаём.\n\n2. Вы платите."}, {locale: "en", name: "Terms", terms: "1. We sell."}]}) { document { id } userErrors { code path } } }`, "saveConsentDocument.document.id")
		terms := w.vars["saveConsentDocument.document.id"]
		w.say(t, "alice", fmt.Sprintf(`mutation { recordConsent(input: {consents: [{documentId: "%s", version: 1, given: true}]}) { user { id } userErrors { code } } }`, terms), "recordConsent.user.id")
		_, text = w.paper(t, "alice", fmt.Sprintf(`kind: CONTRACT, subjectId: "%s", locale: "ru"`, terms))
		for _, s := range []string{"Договор № CTR-2026-000001", "Редакция 1", "We sell.", "21 ноября 2026 г.", "Принят в электронном виде"} {
			if !strings.Contains(text, s) {
				t.Errorf("%q is not in\n%s", s, text)
			}
		}
	})
}

// The link of a paper is for whom it was made, for minutes, and ends with the
// session.
//
// security J5
func TestPapersAreNotForOthers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorldOf(t, db, sellerSaid, nil)
		input := fmt.Sprintf(`kind: RECEIPT, subjectId: "%s"`, w.vars["aliceOrder"])
		link, _ := w.paper(t, "alice", input)
		if resp, body := w.bytes(t, "bob", http.MethodGet, link, ""); resp.StatusCode != 404 {
			t.Errorf("Bob reads it: %d %.100s", resp.StatusCode, body)
		}
		if resp, _ := w.bytes(t, "alice", http.MethodGet, strings.Replace(link, "doc_", "doc_0", 1), ""); resp.StatusCode == 200 {
			t.Error("another id reads it")
		}
		if resp, _ := w.bytes(t, "alice", http.MethodGet, link[:len(link)-4]+"AAAA", ""); resp.StatusCode == 200 {
			t.Error("another signature reads it")
		}
		db.Clock.Add(6 * time.Minute)
		if resp, _ := w.bytes(t, "alice", http.MethodGet, link, ""); resp.StatusCode != 404 {
			t.Errorf("it is read after 6 minutes: %d", resp.StatusCode)
		}
		link, _ = w.paper(t, "alice", input)
		w.say(t, "alice", `mutation { signOut { userErrors { code } } }`, "")
		if resp, _ := w.bytes(t, "nobody", http.MethodGet, link, ""); resp.StatusCode != 404 {
			t.Errorf("it is read after the session: %d", resp.StatusCode)
		}
	})
}
