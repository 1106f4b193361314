import { hourly, monthly } from "../report/amounts.ts";

interface Price {
  readonly usdPerHour: number;
  readonly priceIsEstimate: boolean;
}

/** `$0.0860`, `~$0.0860` of an estimate; for an hour. */
export const dollars = ({ usdPerHour, priceIsEstimate }: Price): string =>
  `${priceIsEstimate ? "~" : ""}$${hourly(usdPerHour)}`;

/** `$0.0860 an hour, $62.78 a month` */
export const priceInWords = (price: Price): string =>
  `${dollars(price)} an hour, ${price.priceIsEstimate ? "~" : ""}$${monthly(price.usdPerHour)} a month`;
