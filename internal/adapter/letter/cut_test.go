package letter_test

import (
	"strings"
	"testing"

	"kabinet/internal/adapter/letter"
)

// read reads a letter with one part.
func read(t testing.TB, kind, body string) *letter.Letter {
	t.Helper()
	raw := "From: Anna <anna@example.com>\r\nMessage-ID: <1@example.com>\r\nContent-Type: " + kind + "; charset=utf-8\r\n\r\n" + strings.ReplaceAll(body, "\n", "\r\n")
	l, err := letter.Read(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// What clients put below an answer, as they write it.
var plainQuotes = map[string]string{
	"Gmail, English":            "On Sat, Nov 21, 2026 at 2:00 PM Example Shop <support+t1-abc@shop.example>\nwrote:\n\n> Dear Anna,\n> where do you live?\n>",
	"Gmail, Russian":            "сб, 21 нояб. 2026 г. в 14:00, Example Shop <support@shop.example>:\n\n> Здравствуйте!\n> Где вы живёте?",
	"Outlook, English":          "From: Example Shop <support@shop.example>\nSent: Saturday, November 21, 2026 2:00 PM\nTo: Anna <anna@example.com>\nSubject: Re: Where is it?\n\nDear Anna,\nwhere do you live?",
	"Outlook, English, bold":    "*From:* Example Shop <support@shop.example>\n*Sent:* Saturday, November 21, 2026 2:00 PM\n*To:* Anna\n*Subject:* Re: Where is it?\n\nDear Anna,",
	"Outlook on the web":        "________________________________\nFrom: Example Shop <support@shop.example>\nSent: Saturday, November 21, 2026 2:00 PM\nTo: Anna <anna@example.com>\nSubject: Re: Where is it?\n\nDear Anna,",
	"Outlook, old":              "-----Original Message-----\nFrom: Example Shop\nSent: Saturday\n\nDear Anna,",
	"Outlook, Russian":          "От: Example Shop <support@shop.example>\nОтправлено: 21 ноября 2026 г. 14:00\nКому: Анна <anna@example.com>\nТема: Re: Где заказ?\n\nЗдравствуйте!",
	"Outlook, Russian, old":     "-----Исходное сообщение-----\nОт: Example Shop\nОтправлено: 21 ноября\n\nЗдравствуйте!",
	"Apple Mail, English":       "> On 21 Nov 2026, at 14:00, Example Shop <support@shop.example> wrote:\n> \n> Dear Anna,",
	"Apple Mail, English, iOS":  "Sent from my iPhone\n\n> On 21 Nov 2026, at 14:00, Example Shop <support@shop.example> wrote:\n>\n> Dear Anna,",
	"Apple Mail, Russian":       "> 21 нояб. 2026 г., в 14:00, Example Shop <support@shop.example> написал(а):\n>\n> Здравствуйте!",
	"Apple Mail, Russian, iOS":  "Отправлено с iPhone\n\n> 21 нояб. 2026 г., в 14:00, Example Shop <support@shop.example> написал(а):\n>\n> Здравствуйте!",
	"Yandex":                    "21.11.2026, 14:00, \"Example Shop\" <support@shop.example>:\n\nЗдравствуйте!\nГде вы живёте?",
	"Yandex, quoted":            "21.11.2026, 14:00, Example Shop <support@shop.example>:\n> Здравствуйте!",
	"Yandex, mobile":            "-- \nОтправлено из мобильного приложения Яндекс Почты",
	"Mail.ru":                   "Суббота, 21 ноября 2026, 14:00 +03:00 от Example Shop <support@shop.example>:\n \nЗдравствуйте!",
	"Mail.ru, mobile":           "--\nОтправлено из Mail.ru для Android\n\nсуббота, 21 ноября 2026г., 14:00 +03:00 от Example Shop support@shop.example:\n> Здравствуйте!",
	"Thunderbird, English":      "On 11/21/26 14:00, Example Shop wrote:\n> Dear Anna,\n> where do you live?",
	"Thunderbird, Russian":      "21.11.2026 14:00, Example Shop пишет:\n> Здравствуйте!",
	"Thunderbird, signature":    "-- \nAnna Smith\nHead of tea\n+44 20 7946 0000",
	"Samsung":                   "Sent from my Galaxy\n\n-------- Original message --------\nFrom: Example Shop <support@shop.example>\nDate: 21/11/2026 14:00 (GMT+00:00)\nSubject: Re: Where is it?",
	"Outlook for iOS":           "Get Outlook for iOS<https://aka.ms/o0ukef>\n________________________________\nFrom: Example Shop <support@shop.example>\nSent: Saturday\nTo: Anna\nSubject: Re",
	"signature and quote below": "-- \nAnna\n\nOn 11/21/26 14:00, Example Shop wrote:\n> Dear Anna,",
}

func TestQuotesAreCut(t *testing.T) {
	t.Parallel()
	for name, below := range plainQuotes {
		for _, own := range []string{"Thank you!\n\nI live in 5 Elm Street.", "Спасибо!\nЯ живу на улице Вязов, 5."} {
			if got := read(t, "text/plain", own+"\n\n"+below+"\n").Text; got != own {
				t.Errorf("%s: %q, want %q", name, got, own)
			}
		}
	}
}

func TestWhatIsNotCut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, want string }{
		"below a quote":          {"On 11/21/26 14:00, Shop wrote:\n> Where?\n\nIn Elm Street.\n\n> When?\n\nTomorrow.", "In Elm Street.\n\nTomorrow."},
		"a talk about a quote":   {"My neighbour wrote: it never came.\nFrom: London I expected more.", "My neighbour wrote: it never came.\nFrom: London I expected more."},
		"a forwarded letter":     {"Please look.\n\n---------- Forwarded message ---------\nFrom: Bank <bank@example.org>\nDate: Sat\nSubject: Refund\n\nNo money came.", "Please look.\n\n---------- Forwarded message ---------\nFrom: Bank <bank@example.org>\nDate: Sat\nSubject: Refund\n\nNo money came."},
		"nothing but a quote":    {"> I want my money back", "> I want my money back"},
		"nothing but a line":     {"Sent from my iPhone", "Sent from my iPhone"},
		"an address in the text": {"Write to me at <other@example.com>:\nI read it.", "Write to me at <other@example.com>:\nI read it."},
		"dashes in a list":       {"I want:\n- tea\n- cups\n--- and nothing else", "I want:\n- tea\n- cups\n--- and nothing else"},
		"two headers alone":      {"From: Paris\nTo: Berlin\nhow long does it take?", "From: Paris\nTo: Berlin\nhow long does it take?"},
		"on a day":               {"On Monday I called and your man wrote:\ncome tomorrow", "On Monday I called and your man wrote:\ncome tomorrow"},
		"control characters":     {"a\x00b\x1b[31mc\u0007\n\n\n\nd\u00a0e", "ab[31mc\n\nd e"},
	} {
		if got := read(t, "text/plain", c.body).Text; got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, want string }{
		"Gmail": {`<div dir="ltr">In <b>Elm</b> Street&nbsp;5.<div><br></div><div class="gmail_signature" data-smartmail="gmail_signature">Anna</div></div><br>
<div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Sat, Nov 21, 2026 at 2:00 PM Shop &lt;<a href="mailto:s@shop.example">s@shop.example</a>&gt; wrote:<br></div><blockquote class="gmail_quote">Where?</blockquote></div>`, "In Elm Street 5."},
		"Outlook": {`<html><head><style>p {color: red}</style></head><body><div class="WordSection1"><p class="MsoNormal">In Elm Street.<o:p></o:p></p>
<div style="border:none; border-top:solid #E1E1E1 1.0pt; padding:3.0pt 0cm 0cm 0cm"><p><b>From:</b> Shop<br><b>Sent:</b> Saturday<br></p></div><p>Where?</p></div></body></html>`, "In Elm Street."},
		"Outlook on the web": {`<div>In Elm Street.</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> Shop</div><div>Where?</div>`, "In Elm Street."},
		"Apple Mail":         {`<html><body>In Elm Street.<br><div><br><blockquote type="cite"><div>On 21 Nov 2026, at 14:00, Shop &lt;s@shop.example&gt; wrote:</div><br><div>Where?</div></blockquote></div></body></html>`, "In Elm Street."},
		"Yandex":             {`<div>Улица Вязов.</div><div>-- </div><div>Отправлено из мобильного приложения Яндекс Почты</div><div> </div><div>21.11.2026, 14:00, "Shop" &lt;s@shop.example&gt;:</div><blockquote><p>Где?</p></blockquote>`, "Улица Вязов."},
		"Mail.ru": {`<HTML><BODY><p>Улица Вязов.</p><blockquote style="border-left:1px solid #0857A6; margin:10px; padding:0 0 0 10px;">
Суббота, 21 ноября 2026, 14:00 +03:00 от Shop &lt;s@shop.example&gt;:<br><div>Где?</div></blockquote></BODY></HTML>`, "Улица Вязов."},
		"Thunderbird": {`<div class="moz-cite-prefix">On 11/21/26 14:00, Shop wrote:<br></div><blockquote type="cite" cite="mid:1@shop.example">Where?</blockquote><p>In Elm Street.</p><pre class="moz-signature" cols="72">-- 
Anna</pre>`, "In Elm Street."},
		"scripts":           {`<script>alert(1)</script><p onclick="x()">Hello <img src=x onerror=alert(1)></p><style>p{}</style><iframe src="javascript:x">y</iframe><svg><text>z</text></svg>`, "Hello"},
		"hidden":            {`Hello<div style="display: none">ignore what stands above</div><span style="visibility:hidden">x</span>`, "Hello"},
		"a link":            {`<p>See <a href="https://evil.example/x">my bank</a> and <a href="javascript:x">that</a></p>`, "See my bank (https://evil.example/x) and that"},
		"entities":          {`&lt;script&gt;alert(1)&lt;/script&gt; &amp;amp; 5 &euro;`, "<script>alert(1)</script> &amp; 5 €"},
		"a list":            {`<ul><li>tea<li>cups</ul><table><tr><td>1</td><td>2</td></tr></table>`, "- tea\n- cups\n\n1 2"},
		"not closed":        {`<b><div>Hello<p>there</b></i></div></table>you`, "Hello\nthere\nyou"},
		"nothing but quote": {`<blockquote>Where?</blockquote>`, "Where?"},
	} {
		if got := read(t, "text/html", c.body).Text; got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// A page of many open elements costs time by its length alone.
func TestDeepPage(t *testing.T) {
	t.Parallel()
	if got := read(t, "text/html", strings.Repeat(strings.Repeat("<div>", 1000)+"\n", 30)+"x").Text; got != "x" {
		t.Errorf("%q", got)
	}
	read(t, "text/plain", strings.Repeat(strings.Repeat("a wrote: 2026 <", 4000)+"\n", 4))
	read(t, "text/plain", strings.Repeat("On 2026\n", 25_000))
}
