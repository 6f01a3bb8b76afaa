/** Where portos-server speaks the Model Context Protocol, besides its endpoints. */
export const mcpPath = "/mcp";
