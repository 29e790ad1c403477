// A Node program: dns.promises and http. With NAMESERVER it asks there, and knows no search list; else as resolv.conf says.
import dns from "node:dns";
import http from "node:http";

const { Resolver, lookup } = dns.promises;
const nameserver = process.env.NAMESERVER;
const resolver = new Resolver();
if (nameserver) resolver.setServers([nameserver]);
const DOMAIN = "svc.cluster.local";

// What http takes in place of getaddrinfo.
function find(host, options, done) {
  resolver.resolve4(host).then(
    (found) => (options.all ? done(null, found.map((address) => ({ address, family: 4 }))) : done(null, found[0], 4)),
    done,
  );
}

function page(url) {
  return new Promise((resolve, reject) => {
    const options = nameserver ? { lookup: find, agent: false } : { agent: false };
    http
      .get(url, options, (reply) => {
        let body = "";
        reply.setEncoding("utf8").on("data", (part) => (body += part)).on("end", () => resolve(body));
      })
      .on("error", reject);
  });
}

const code = (error) => error.code;
const records = await resolver.resolveSrv(`_cql._tcp.cassandra.data.${DOMAIN}`);
const told = {
  payments: await resolver.resolve4(`payments.shop.${DOMAIN}`),
  cassandra: (await resolver.resolve4(`cassandra.data.${DOMAIN}`)).sort(),
  "payments, IPv6": await resolver.resolve6(`payments.shop.${DOMAIN}`).catch(code),
  nope: await resolver.resolve4(`nope.shop.${DOMAIN}`).catch(code),
  SRV: records.map(({ name, port }) => `${name}:${port}`).sort(),
  page: await page(nameserver ? `http://payments.shop.${DOMAIN}/` : "http://payments/"),
};
if (!nameserver) {
  told.lookup = (await lookup("payments", { all: true })).map(({ address }) => address);
  told["lookup, nope"] = await lookup("nope").catch(code);
}
console.log(JSON.stringify(told));
