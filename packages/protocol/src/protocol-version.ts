/** The version of the Agent Auth Protocol this package speaks. Agent Auth section 5.1.1. */
export const PROTOCOL_VERSION = '1.0-draft'
