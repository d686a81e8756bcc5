// The service worker of a page that takes push messages of Kabinet: it shows
// what came, one notification for each tag, and opens its address on a click.
self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('push', (event) => {
  const { title, body, url, tag, notificationId } = event.data.json();
  event.waitUntil(self.registration.showNotification(title, { body, tag: tag || notificationId, data: { url, notificationId } }));
});

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  if (event.notification.data.url) event.waitUntil(self.clients.openWindow(event.notification.data.url));
});
