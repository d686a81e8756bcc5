package pdf_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"kabinet/internal/adapter/pdf"
)

// read gives the text of a PDF, a form feed after each page; no-break spaces
// are plain ones.
func read(t *testing.T, file []byte) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "pdftotext", "-layout", "-enc", "UTF-8", "-", "-")
	cmd.Stdin = bytes.NewReader(file)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("pdftotext (Debian: apt-get install poppler-utils): %v", err)
	}
	return strings.ReplaceAll(string(out), "\u00a0", " ")
}

func draw(t *testing.T, s pdf.Sheet) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := pdf.Draw(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func sheet(rows int) pdf.Sheet {
	s := pdf.Sheet{
		Lang: "ru", Title: "Счёт № INV-2026-000001 от 22 ноября 2026 г.", Made: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC), Author: "ООО «Ромашка»",
		Notes:   []string{"к заказу № 261122-ABC"},
		Parties: []pdf.Party{{"Поставщик", []string{"ООО «Ромашка»", "ИНН 7707083893"}}, {"Покупатель", []string{"Ёлкина Алиса"}}},
		Facts:   []pdf.Fact{{"Срок оплаты", "5 дней"}},
		Grids: []pdf.Grid{{
			Columns: []pdf.Column{{"№", 1, true}, {"Товар", 8, false}, {"Сумма", 3, true}},
			Totals:  []pdf.Fact{{"Всего к оплате", "1\u00a0234,50\u00a0₽"}},
		}},
		Words: []string{"Одна тысяча двести тридцать четыре рубля пятьдесят копеек"},
		Signs: []string{"Руководитель", "Бухгалтер"},
		Page:  func(n, of int) string { return fmt.Sprintf("Страница %d из %d", n, of) },
	}
	for i := range rows {
		s.Grids[0].Rows = append(s.Grids[0].Rows, []string{fmt.Sprint(i + 1), fmt.Sprintf("Товар-%05d", i+1), "1,00\u00a0₽"})
	}
	return s
}

func TestLettersAreReadBack(t *testing.T) {
	t.Parallel()
	text := read(t, draw(t, sheet(2)))
	for _, want := range []string{"Счёт № INV-2026-000001", "ООО «Ромашка»", "Ёлкина", "1 234,50 ₽", "пятьдесят копеек", "Страница 1 из 1", "Руководитель"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

func TestLongTablesBreak(t *testing.T) {
	t.Parallel()
	const rows = 700
	pages := strings.Split(strings.TrimSuffix(read(t, draw(t, sheet(rows))), "\f"), "\f")
	if len(pages) < 8 {
		t.Fatalf("%d pages", len(pages))
	}
	n := 0
	for i, page := range pages {
		if want := fmt.Sprintf("Страница %d из %d", i+1, len(pages)); !strings.Contains(page, want) {
			t.Errorf("page %d does not say %q", i+1, want)
		}
		count := strings.Count(page, "Товар-")
		if n += count; count > 0 && !strings.Contains(page, "Сумма") {
			t.Errorf("page %d has rows and no heads", i+1)
		}
	}
	if n != rows {
		t.Errorf("%d rows of %d", n, rows)
	}
	for i := range rows {
		if !strings.Contains(strings.Join(pages, ""), fmt.Sprintf("Товар-%05d", i+1)) {
			t.Fatalf("row %d is lost", i+1)
		}
	}
	last := pages[len(pages)-1]
	if !strings.Contains(last, "Всего к оплате") || !strings.Contains(last, "Товар-00700") {
		t.Errorf("the totals stand alone:\n%s", last)
	}
}

// TestWhatDoesNotFit: nothing of a long title is lost, with spaces, without
// them, and where one row is longer than a page.
func TestWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	s := sheet(1)
	var words []string
	for i := range 1500 {
		words = append(words, fmt.Sprintf("слово%04d", i))
	}
	s.Grids[0].Rows = append(s.Grids[0].Rows, []string{"2", strings.Join(words, " "), "9,00\u00a0₽"}, []string{"3", strings.Repeat("Щ", 400), "8,00\u00a0₽"})
	text := read(t, draw(t, s))
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Fatalf("%s is lost", word)
		}
	}
	if n := strings.Count(text, "Щ"); n != 400 {
		t.Errorf("%d of 400 letters of a word without an end", n)
	}
}

func TestTheSameBytes(t *testing.T) {
	t.Parallel()
	first := draw(t, sheet(90))
	for range 5 {
		if !bytes.Equal(first, draw(t, sheet(90))) {
			t.Fatal("the same sheet gave other bytes")
		}
	}
	other := sheet(90)
	other.Made = other.Made.Add(time.Second)
	if bytes.Equal(first, draw(t, other)) {
		t.Error("another sheet gave the same bytes")
	}
}

// TestStrangeLetters: what no font knows neither ends the process nor the page.
func TestStrangeLetters(t *testing.T) {
	t.Parallel()
	s := sheet(1)
	s.Grids[0].Rows[0][1] = "😀 \x00\x07\u202e漢字 \U0010ffff \xff end\r\n\tof it"
	s.Parties[0].Lines = append(s.Parties[0].Lines, "", "\n\n", strings.Repeat(" ", 500))
	text := read(t, draw(t, s))
	if !strings.Contains(text, "end") || !strings.Contains(text, "of it") {
		t.Errorf("the rest is lost:\n%s", text)
	}
}

func BenchmarkDraw(b *testing.B) {
	s := sheet(5000)
	b.ReportAllocs()
	for b.Loop() {
		var out bytes.Buffer
		if err := pdf.Draw(&out, s); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(out.Len())/1024, "KiB/file")
	}
}
