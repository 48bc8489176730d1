/** One floor of one site. The same floor code occurs under several services. */
export interface DmmFloor {
  readonly site: "FANZA" | "DMM.com";
  /** `digital`, `monthly`, `mono`, … */
  readonly service: string;
  /** `videoa`, `anime`, … */
  readonly floor: string;
}

const code = /^[a-z0-9_]{1,40}$/;

/**
 * A floor from its name.
 *
 * @param name `FANZA/digital/videoa`
 * @returns The floor.
 * @throws RangeError Where it is none.
 */
export function parseDmmFloor(name: string): DmmFloor {
  const [site, service = "", floor = "", ...rest] = name.split("/");
  if (
    (site === "FANZA" || site === "DMM.com") &&
    code.test(service) &&
    code.test(floor) &&
    rest.length === 0
  ) {
    return { site, service, floor };
  }
  throw new RangeError(
    `Cannot read a floor as it must be site/service/floor, such as FANZA/digital/videoa: current value is "${name.slice(0, 80)}"`,
  );
}

/** The name that {@link parseDmmFloor} reads. */
export function dmmFloorName({ site, service, floor }: DmmFloor): string {
  return `${site}/${service}/${floor}`;
}

/** How the ids of a floor's items begin: the same work has a row of its own on every floor that sells it. */
export function dmmItemIdPrefix({ site, service, floor }: DmmFloor): string {
  return `dmm:${site}:${service}:${floor}:`;
}

/**
 * What {@link dmmItemIdPrefix} and a content id make, taken apart.
 *
 * @param id `dmm:FANZA:digital:videoa:abc00123`
 * @returns The floor and the content id.
 * @throws RangeError Where it is none.
 */
export function parseDmmItemId(id: string): { readonly floor: DmmFloor; readonly contentId: string } {
  const [source, site, service, floor, contentId = "", ...rest] = id.split(":");
  if (source === "dmm" && /^[\w-]{1,100}$/.test(contentId) && rest.length === 0) {
    return { floor: parseDmmFloor(`${site}/${service}/${floor}`), contentId };
  }
  throw new RangeError(
    `Cannot read an id of DMM as it must be dmm:site:service:floor:content_id, such as dmm:FANZA:digital:videoa:abc00123: current value is "${id.slice(0, 80)}"`,
  );
}

/** Whether `volume` is a running time there; of books it is pages, of goods nothing. */
export function hasRunningTime({ service, floor }: DmmFloor): boolean {
  return (
    service === "digital" || service === "monthly" || (service === "mono" && /^(?:dvd|anime)$/.test(floor))
  );
}
