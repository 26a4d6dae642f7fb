/** In work by H-I (a colleague of H-C, who keeps the rest of this room): see the report at the end. */
export {};
