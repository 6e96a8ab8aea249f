/** Id of a profile, made of its name so that people can type it: `JSON raw` becomes `prof_json_raw`. */
export function profileId(name: string): string {
  return `prof_${name.toLowerCase().replace(/[^a-z0-9]+/g, '_')}`
}
